// deadline: 180 s
// needs: redis-server
import assert from 'node:assert/strict';
import test from 'node:test';
import { measureRound } from '../client/measure.ts';
import { SYSTEMS } from '../client/systems.ts';

const TIMEOUT = { timeout: 60_000 };

for (const name of ['leveret', 'ioredis']) {
  test(`${name}: every message of every kind is counted, none is lost`, TIMEOUT, async () => {
    const system = SYSTEMS.find((one) => one.name === name);
    assert.ok(system, 'no such system');
    const { streams, confirmed, latencies } = await measureRound(system, 64, {
      milliseconds: 20,
      requests: 20,
      nodeOptions: [],
    });
    assert.deepEqual(Object.keys(streams), system.ways);
    for (const stream of [...Object.values(streams), confirmed]) {
      assert.equal(stream.fault, undefined);
      assert.equal(stream.lost, 0);
      assert.ok(stream.messages > 0, 'no message was counted');
      assert.ok(stream.rate > 0, 'no rate');
      assert.ok(stream.subscriberCpu > 0, 'no processor time');
    }
    assert.equal(latencies.length, 20);
  });
}

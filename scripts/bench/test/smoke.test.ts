// deadline: 180 s
// needs: redis-server
import assert from 'node:assert/strict';
import test from 'node:test';
import type { AdapterName } from '../load/adapters.ts';
import { runLoad } from '../load/run-load.ts';
import { bareServer, type ServerKind, serverKind, withServer } from '../servers.ts';

const TIMEOUT = { timeout: 60_000 };

/** A few hundred messages to three subscribers: what matters is that the counts are exact. */
async function smoke(kind: ServerKind, adapter: AdapterName = kind.adapter) {
  return await withServer(kind, ({ host, port, pid }) =>
    runLoad({
      adapter,
      host,
      port,
      pid,
      subscribers: 3,
      payload: 64,
      windows: [{ window: 64, batch: 16, restMs: 0 }],
      trialMs: 20,
      warmUpMs: 20,
      measureMs: 50,
    }),
  );
}

for (const [name, adapter] of [
  ['redis-server', undefined],
  ['chapter-4', undefined],
  ['chapter-4', 'leveret-batched'],
] as const) {
  test(`${name}${adapter ? ', batched' : ''}: every delivery is counted, none is lost`, TIMEOUT, async () => {
    const result = await smoke(serverKind(name), adapter);
    assert.equal(result.fault, undefined);
    assert.equal(result.lost, 0);
    assert.ok(result.published >= 64, `only ${result.published} were published`);
    assert.equal(result.deliveries, result.published * 3);
    assert.ok(result.peakResidentBytes > 1_000_000, `${result.peakResidentBytes} bytes resident`);
  });
}

test('a server that repeats its ids is caught, unless that is agreed', TIMEOUT, async () => {
  assert.equal((await smoke(bareServer(64))).fault, undefined);
  const { fault } = await smoke(bareServer(64), 'leveret');
  assert.match(fault ?? '', /id 1 where \d+ had to come/);
});

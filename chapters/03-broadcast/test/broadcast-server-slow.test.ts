import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LAGGED_TYPE } from '#broadcast/server';
import { encodeFrame } from '#framing';
import { type RawSocket, until } from '../../01-framed-echo/test/raw-socket.ts';
import { DEADLINE_MS, expectRound, join, joinOne, start } from './server-support.ts';

describe('broadcast server, slow clients', { timeout: 20_000 }, () => {
  it('tells a client that did not read how many frames it missed, while others miss none', async (t) => {
    const { server, closed } = await start(t, { capacity: 64 });
    const [ann, bob] = (await join(t, server, 2)) as [RawSocket, RawSocket];
    const sleeper = await joinOne(t, server, { reading: false });
    await expectRound([ann, bob]); // the sleeper gets this one too
    // 16 MiB: more than the buffers of the operating system take for a client that does not read.
    const total = 1_024;
    const body = Buffer.alloc(16_384);
    for (let n = 0; n < total; n += 32) {
      const batch = Array.from({ length: 32 }, (_, i) => {
        body.writeUInt32BE(n + i);
        return encodeFrame(1, body);
      });
      for (const frame of batch) ann.write(frame);
      for (const client of [ann, bob]) {
        for (const frame of batch) await client.expect(frame);
      }
    }
    sleeper.startReading();
    await sleeper.expect('00000003 02 6f6b');
    let next = 0;
    let notices = 0;
    while (next < total) {
      const frame = await sleeper.readFrame();
      if (frame[4] === LAGGED_TYPE) {
        assert.equal(frame.length, 9, 'a lagged frame has nine bytes');
        assert.ok(frame.readUInt32BE(5) > 0, 'a loss of nothing is not told');
        next += frame.readUInt32BE(5);
        notices += 1;
      } else {
        assert.equal(frame.readUInt32BE(5), next, 'what follows is what was not missed');
        next += 1;
      }
    }
    assert.equal(next, total, 'received and missed, together');
    assert.ok(notices >= 1, 'the client that slept is told of no loss: the server kept 16 MiB for it');
    await expectRound([ann, bob, sleeper]);
    assert.deepEqual(closed, [], 'nobody was closed for an error');
  });

  it('closes a client that is stuck when it goes, and serves the others', async (t) => {
    const { server, closed } = await start(t, { capacity: 64 });
    const clients = await join(t, server, 2);
    const stuck = await joinOne(t, server, { reading: false });
    const frame = encodeFrame(1, Buffer.alloc(16_384));
    // 8 MiB: more than its socket takes, so its writing half waits.
    for (let n = 0; n < 512; n += 1) {
      clients[0]?.write(frame);
      for (const client of clients) await client.expect(frame);
    }
    stuck.reset();
    await until(() => server.connections === 2, { what: 'its connection is gone', deadlineMs: DEADLINE_MS });
    await until(() => closed.length > 0, { what: 'the server gave a reason', deadlineMs: DEADLINE_MS });
    assert.deepEqual(closed, ['DISCONNECTED'], 'why it was closed');
    await expectRound(clients);
  });
});

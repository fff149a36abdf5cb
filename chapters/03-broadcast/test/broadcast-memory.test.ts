import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startBroadcastServer } from '#broadcast/server';
import { encodeFrame } from '#framing';
import { RawSocket, until } from '../../01-framed-echo/test/raw-socket.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const MIB = 1024 * 1024;

/** Bytes in buffers that are still in use. */
async function heldBytes(): Promise<number> {
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  return process.memoryUsage().arrayBuffers;
}

it('clients that never read cost one ring, however many they are and however much is sent', {
  timeout: 30_000,
}, async (t) => {
  const capacity = 64;
  const server = await startBroadcastServer({ capacity });
  t.after(() => server.close());
  const reads = await RawSocket.connect({ port: server.port });
  const stuck = await Promise.all(
    Array.from({ length: 4 }, () => RawSocket.connect({ port: server.port, reading: false })),
  );
  t.after(() => Promise.all([reads, ...stuck].map((client) => client.close())));
  await until(() => server.connections === 5, { what: 'five connections' });

  const frame = encodeFrame(1, Buffer.alloc(32_768));
  const before = await heldBytes();
  // 32 MiB through the server: had the stuck clients queues without a bound, most of it would be held.
  for (let n = 0; n < 1_024; n += 1) {
    reads.write(frame);
    await reads.expect(frame);
  }

  // The ring, and for each connection what its socket had taken when it said stop; 2 MiB for everything else.
  const bound = capacity * frame.length + 5 * 2 * frame.length + 2 * MIB;
  let held = Number.POSITIVE_INFINITY;
  // Looked at again and again: what a collection found is freed a little later, on another thread.
  const fits = async () => {
    held = (await heldBytes()) - before;
    return held <= bound;
  };
  await until(fits, { deadlineMs: 3_000 }).catch(() => {
    assert.fail(`${(held / MIB).toFixed(1)} MiB are held, the bound is ${(bound / MIB).toFixed(1)} MiB`);
  });
});

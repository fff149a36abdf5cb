/**
 * What a channel holds for one receiver that never reads, in memory, without sockets:
 *
 *     node --import tsx my/03-broadcast/examples/held-memory.ts queues
 *     node --import tsx my/03-broadcast/examples/held-memory.ts ring
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BroadcastChannel } from '../broadcast-channel.ts';
import { QueueChannel } from './queue-channel.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const MIB = 1024 * 1024;
const FRAME_BYTES = 32_768;
const CAPACITY = 64;

/** Bytes in buffers that are still in use. */
async function heldBytes(): Promise<number> {
  // A collection frees the buffers that it found a little later, on another thread.
  for (let round = 0; round < 3; round += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().arrayBuffers;
}

const which = process.argv[2];
if (which !== 'queues' && which !== 'ring') {
  console.error('Say which: queues or ring.');
  process.exit(2);
}
const channel = which === 'queues' ? new QueueChannel<Buffer>() : new BroadcastChannel<Buffer>(CAPACITY);
const reads = channel.subscribe();
const sleeps = channel.subscribe();
console.log(`${which}: one receiver reads, one sleeps; ${FRAME_BYTES / 1024} KiB a frame`);
const before = await heldBytes();
for (let published = 1; published <= 4_096; published += 1) {
  channel.publish(Buffer.alloc(FRAME_BYTES));
  reads.tryReceive();
  if (published % 1_024 !== 0) continue;
  const held = ((await heldBytes()) - before) / MIB;
  const line = `${published} frames published, ${sleeps.lag} unread by the one that sleeps`;
  console.log(`  ${line}: ${held.toFixed(1)} MiB held`);
}

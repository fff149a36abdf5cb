/** Prints what an empty topic costs, in bytes of heap and buffers. Run with --expose-gc. */
import { World } from '../support.ts';

const COUNT = 100_000;

function used(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const world = new World({ maxTopics: COUNT });
for (let i = 0; i < 1_000; i++) world.publish(world.topic(`warm.${i}`), 'x');
world.endTick();
const before = used();
for (let i = 0; i < COUNT - 1_000; i++) world.publish(world.topic(`a.topic.with.a.name.${i}`), 'x');
world.endTick();
process.stdout.write(`${Math.round((used() - before) / (COUNT - 1_000))}\n`);
if (world.topics.size !== COUNT) throw new Error(`${world.topics.size} topics`);

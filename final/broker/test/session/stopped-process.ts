/** A broker in a process of its own, with short deadlines, to be stopped; prints its port. */
import { createBroker } from '../../../index.ts';

const broker = await createBroker({
  port: 0,
  helloTimeoutMs: 500,
  frameTimeoutMs: 500,
  idleMs: 400,
  sweepIntervalMs: 100,
});
process.stdout.write(`${broker.port}\n`);

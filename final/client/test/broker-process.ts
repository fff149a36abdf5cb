/** A broker in a process of its own, to be killed: `node --import tsx broker-process.ts <port>` prints its port. */
import { createBroker } from '../../index.ts';

const broker = await createBroker({ port: Number(process.argv[2] ?? 0) });
process.stdout.write(`${broker.port}\n`);

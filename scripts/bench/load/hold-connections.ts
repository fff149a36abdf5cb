/**
 * Opens connections to a server and holds them, as a process of its own with descriptors of its own:
 *
 *   node --import tsx hold-connections.ts PORT COUNT PROTOCOL
 *
 * Each says what a subscriber of the protocol says (`none`: nothing) and waits for the answer. Tells its parent
 * `{ held }` when all are open, or `{ error }`; ends when its parent does.
 */
import net from 'node:net';
import process from 'node:process';
import type { Adapter } from './adapter.ts';
import { type AdapterName, adapters } from './adapters.ts';

/** How many are being opened at a time: a server's backlog is finite. */
const AT_ONCE = 64;

const [port = '', count = '', protocol = 'none'] = process.argv.slice(2);
const adapter: Adapter | undefined = protocol === 'none' ? undefined : adapters[protocol as AdapterName];
let begun = 0;
let held = 0;

function fail(error: Error): void {
  process.send?.({ error: `connection ${held + 1} of ${count}: ${error.message}` });
  process.exitCode = 1;
}

function openNext(): void {
  if (begun === Number(count)) return;
  begun += 1;
  const index = begun;
  const socket = net.connect({ host: '127.0.0.1', port: Number(port), noDelay: true });
  let received: Buffer | undefined = Buffer.alloc(0);
  const ready = (): void => {
    received = undefined; // from now on nothing is kept
    held += 1;
    if (held === Number(count)) process.send?.({ held });
    else openNext();
  };
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the server closed it')));
  socket.on('connect', () => {
    if (adapter === undefined) ready();
    else socket.write(adapter.subscriberHello(index));
  });
  socket.on('data', (bytes: Buffer) => {
    if (adapter === undefined) return;
    if (received !== undefined) {
      received = Buffer.concat([received, bytes]);
      if (adapter.isReady(received, 'subscriber')) ready();
      return;
    }
    const answer = adapter.answer(bytes, bytes.length);
    if (answer !== undefined) socket.write(answer);
  });
}

process.on('disconnect', () => process.exit());
for (let one = 0; one < AT_ONCE; one += 1) openNext();

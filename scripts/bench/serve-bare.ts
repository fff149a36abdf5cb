/**
 * A server that does nothing but what any fan-out must: it reads the publisher's bytes and, for as many messages as
 * they amount to, writes one prebuilt MESSAGES frame of that many records to every subscriber's socket. It parses
 * nothing, keeps nothing and copies nothing, so its rate is what Node and the kernel allow on this machine.
 *
 *   node --import tsx scripts/bench/serve-bare.ts 64
 *
 * The argument is the size of a payload. Tells its parent `{ port }`.
 */
import net from 'node:net';
import process from 'node:process';
import { TOPIC } from './load/adapter.ts';
import { messages, pong, publish } from './load/leveret.ts';

const payload = Buffer.alloc(Number(process.argv[2] ?? 64), 'x');
const publishSize = publish(TOPIC, payload).length;
const READY = pong(Buffer.from('ready'));

const subscribers: net.Socket[] = [];
const prebuilt = new Map<number, Buffer>();
let unanswered = 0;
let scheduled = false;

/** As a broker may, wait for the end of the turn: what several reads brought goes out in one write. */
function received(bytes: number): void {
  unanswered += bytes;
  if (scheduled) return;
  scheduled = true;
  setImmediate(deliver);
}

function deliver(): void {
  scheduled = false;
  const count = Math.min(0xffff, Math.floor(unanswered / publishSize));
  if (count === 0) return;
  unanswered -= count * publishSize;
  const frame = prebuilt.get(count) ?? messages(TOPIC, payload, count);
  prebuilt.set(count, frame);
  for (const socket of subscribers) socket.write(frame);
  if (unanswered >= publishSize) received(0);
}

const server = net.createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    const index = subscribers.indexOf(socket);
    if (index !== -1) subscribers.splice(index, 1);
  });
  socket.once('data', (hello) => {
    if (hello.includes('bench-publisher')) socket.on('data', (bytes) => received(bytes.length));
    else subscribers.push(socket);
    socket.write(READY);
  });
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 1024 }, () => {
  const address = server.address();
  process.on('disconnect', () => process.exit(0));
  process.send?.({ port: typeof address === 'object' && address ? address.port : 0 });
});

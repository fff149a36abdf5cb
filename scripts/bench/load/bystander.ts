/**
 * A client in a process of its own that holds nothing and asks for a PONG every few milliseconds; and looks at how much memory
 * the broker has. Told to stop, it sends what it found and ends.
 */
import net from 'node:net';
import process from 'node:process';
import { residentBytes } from '../process-metrics.ts';
import { hello, ping } from './leveret.ts';

/** What it found. */
export interface Watched {
  /** How long a PONG took, in milliseconds: of a hundred all but the slowest, and the slowest of all. */
  readonly p99: number;
  readonly longest: number;
  /** The most resident memory of the broker, in bytes. */
  readonly resident: number;
}

const INTERVAL_MS = 10;
const [port = '', pid = ''] = process.argv.slice(2);
const PING = ping(Buffer.alloc(0));
const times: number[] = [];
let resident = 0;
let asked = 0;

const socket = net.connect({ host: '127.0.0.1', port: Number(port), noDelay: true }, () => {
  socket.write(hello('bystander'));
});
socket.on('data', () => {
  // WELCOME, or the one PONG that is awaited.
  if (asked > 0) times.push(performance.now() - asked);
  else process.send?.('ready');
  setTimeout(() => {
    asked = performance.now();
    socket.write(PING);
  }, INTERVAL_MS);
});
socket.on('error', (error) => process.send?.({ error: error.message }));
const look = setInterval(() => {
  resident = Math.max(resident, residentBytes(Number(pid)));
}, INTERVAL_MS);

process.on('message', () => {
  clearInterval(look);
  times.sort((a, b) => a - b);
  const found: Watched = {
    p99: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
    longest: times.at(-1) ?? Number.NaN,
    resident,
  };
  process.send?.(found, () => process.exit(0));
});
process.on('disconnect', () => process.exit(0));

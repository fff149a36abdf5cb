/**
 * Publishes to a topic as fast as the broker takes it; says `blocked` when the broker has taken nothing for half a
 * second, which is what the policy `block` does to the publishers of a topic with a stopped subscriber.
 */
import net from 'node:net';
import process from 'node:process';
import { hello, publish } from './leveret.ts';

const [port = '', topic = '', payload = '64'] = process.argv.slice(2);
const frames = Buffer.concat(
  Array.from({ length: 500 }, () => publish(topic, Buffer.alloc(Number(payload), 'x'))),
);

const socket = net.connect({ host: '127.0.0.1', port: Number(port) }, () => {
  socket.write(hello('flood'));
  write();
});
let blocked: NodeJS.Timeout | undefined;

function write(): void {
  clearTimeout(blocked);
  while (socket.write(frames)) {}
  blocked = setTimeout(() => process.send?.('blocked'), 500);
}

socket.on('drain', () => setImmediate(write));
socket.on('error', () => {});
process.on('disconnect', () => process.exit(0));

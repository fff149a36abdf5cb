/** One leveret subscriber in a process of its own, to be stopped by SIGSTOP: reads all it gets and counts nothing. */
import net from 'node:net';
import process from 'node:process';
import { hello, ping, pong, subscribe } from './leveret.ts';

const [port = '', topic = ''] = process.argv.slice(2);
const READY = pong(Buffer.from('ready'));

const socket = net.connect({ host: '127.0.0.1', port: Number(port) }, () => {
  socket.write(Buffer.concat([hello('stalled'), subscribe(topic), ping(Buffer.from('ready'))]));
});
let ready = false;
socket.on('data', (bytes) => {
  if (ready || !bytes.includes(READY)) return;
  ready = true;
  process.send?.('ready');
});
// The broker may well end this connection; that is what the bench is about.
socket.on('error', () => {});
process.on('disconnect', () => process.exit(0));

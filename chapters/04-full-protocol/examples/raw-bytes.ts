import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { FrameReader, toHex } from '#framing';
import { describeBytes } from '#protocol';
import { AsyncQueue } from '#topics';
import type { Example } from '../../../scripts/stage-types.ts';

/** The lines of the example in docs/protocol.md that are bytes: `>` from the client, `<` from the broker. */
function readExample(): string[] {
  const text = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
  return (text.split('## An example')[1] ?? '').split('\n').filter((line) => /^[<>] /.test(line));
}

/** Plays the client's part of the specification's example, byte by byte. The broker must have no topic "news" yet. */
export const example: Example = {
  title: 'The example of docs/protocol.md, played to a broker as raw bytes',
  async run({ host, port }, narrator) {
    const came = new AsyncQueue<string>(() => {});
    const socket = connect({ host, port, noDelay: true });
    const reader = new FrameReader((...frame) => came.push(describeBytes(...frame)), { limit: 1_048_576 });
    socket.on('data', (chunk) => reader.push(chunk));
    socket.on('close', () => came.close());
    for (const line of readExample()) {
      if (line.startsWith('<')) {
        narrator.line('broker', (await came.take()) ?? 'nothing more: the connection has ended');
        continue;
      }
      const frame = Buffer.from(line.replaceAll(/[> ]/g, ''), 'hex');
      narrator.line('client', toHex(frame));
      narrator.line('', describeBytes(frame.readUInt8(4), frame, 5));
      socket.write(frame);
    }
    socket.destroy();
  },
};

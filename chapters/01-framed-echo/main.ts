import { HEADER_SIZE, type LeveretError, TYPE_SIZE } from '#framing';
import { startEchoServer } from '#framing/net';
import type { Narrator, Stage, StageServer } from '../../scripts/stage-types.ts';
import { readsOf } from './examples/experiment.ts';
import { RawClient } from './examples/raw-client.ts';

/** Who is told when the server of this stage closes a connection: the scenario, while it plays. */
let told: (error: LeveretError) => void = () => {};

/** What `npm run chapter 1` runs: an echo server, and clients whose bytes you see. */
export const stage: Stage = {
  title: 'A framed echo server',
  serve: ({ host, port }) => startEchoServer({ host, port, onError: (error) => told(error) }),
  async scenario(server, narrator) {
    await stream(narrator);
    const alice = await RawClient.connect(server);
    try {
      await together(alice, narrator);
      await inPieces(alice, narrator);
      await tooLarge(server, alice, narrator);
    } finally {
      alice.close();
    }
  },
  talk({ host, port }) {
    const send = (hex: string) =>
      `node -e "require('net').connect(${port}, '${host}').on('data', console.log).end(Buffer.from('${hex}', 'hex'))"`;
    return [
      'a frame that says "hi" (type 01); it comes back:',
      `  ${send('00000003016869')}`,
      'two frames at once:',
      `  ${send('00000003016869000000020221')}`,
      'a frame that promises 4 GiB: nothing comes back, the connection is closed:',
      `  ${send('ffffffff')}`,
      'the first one again, from a shell with bash and xxd:',
      `  bash -c 'exec 3<>/dev/tcp/${host}/${port}; printf "\\x00\\x00\\x00\\x03\\x01hi" >&3; head -c 7 <&3 | xxd'`,
    ];
  },
};

async function stream(narrator: Narrator): Promise<void> {
  narrator.heading('TCP alone: a stream of bytes, without messages');
  narrator.line('writer', 'writes "hello", then "world"');
  const joined = await readsOf([Buffer.from('hello'), Buffer.from('world')]);
  narrator.line('reader', joined.map((bytes) => `reads "${bytes}"`).join('\n'));
  narrator.line('writer', 'writes 300,000 bytes at once');
  const cut = await readsOf([Buffer.alloc(300_000)]);
  narrator.line('reader', `reads them in ${narrator.volatile(cut.length)} pieces`);
  narrator.note('Nothing was lost or moved. But where one message ends, nobody can tell.');
}

async function together(alice: RawClient, narrator: Narrator): Promise<void> {
  narrator.heading('Two frames in one write');
  const frames = ['00000003 01 6869', '00000006 02 6861726573'];
  narrator.line('alice', `writes ${frames.map(explain).join('\n       ')}`);
  alice.write(frames.join(''));
  for (const frame of frames) narrator.line('alice', `reads  ${explain(await alice.read(lengthOf(frame)))}`);
}

async function inPieces(alice: RawClient, narrator: Narrator): Promise<void> {
  narrator.heading('One frame in three writes');
  const pieces: [bytes: string, meaning: string][] = [
    ['0000', 'half of the size'],
    ['0006 05 68', 'the other half: 6; type 5; and the first of the body: "h"'],
    ['656c6c6f', 'the rest of the body: "ello"'],
  ];
  for (const [bytes, meaning] of pieces) {
    narrator.line('alice', `writes ${bytes.padEnd(22)} ${meaning}`);
    await alice.writeAlone(bytes);
  }
  narrator.line('alice', `reads  ${explain(await alice.read(10))}`);
}

async function tooLarge(server: StageServer, alice: RawClient, narrator: Narrator): Promise<void> {
  narrator.heading('A frame that is too large');
  const refused = new Promise<LeveretError>((resolve) => {
    told = resolve;
  });
  const bob = await RawClient.connect(server);
  narrator.line('bob', `writes ${'ffffffff'.padEnd(22)} a size of 4294967295, and no more`);
  bob.write('ffffffff');
  const { code, message } = await refused;
  narrator.line('server', `${code}: ${message}`);
  await bob.closed;
  narrator.line('bob', 'is disconnected');
  told = () => {};
  const frame = '00000006 03 7374696c6c';
  narrator.line('alice', `writes ${explain(frame)}`);
  alice.write(frame);
  narrator.line('alice', `reads  ${explain(await alice.read(lengthOf(frame)))}`);
  narrator.note('Four bytes were enough to refuse: nothing was allocated, and nobody else noticed.');
}

function lengthOf(hex: string): number {
  return hex.replaceAll(' ', '').length / 2;
}

/** One frame as hex, and what it means. */
function explain(frame: string): string {
  const bytes = Buffer.from(frame.replaceAll(' ', ''), 'hex');
  const size = bytes.toString('hex', 0, HEADER_SIZE);
  const type = bytes.toString('hex', HEADER_SIZE, HEADER_SIZE + TYPE_SIZE);
  const body = bytes.subarray(HEADER_SIZE + TYPE_SIZE);
  const hex = `${size} ${type} ${body.toString('hex')}`;
  return `${hex.padEnd(22)} size ${bytes.readUInt32BE(0)}, type ${bytes[HEADER_SIZE]}, "${body}"`;
}

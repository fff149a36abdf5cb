/**
 * What an echo server in any language must do. It is known by its port alone: no option of it is assumed, and of its limit only
 * that a frame of 1 MiB is within it and one of more is not.
 */
import type { CheckedServer, PortCheck, PortChecks } from '../../../scripts/stage-types.ts';
import { frameBytes } from '../test/frames.ts';
import { hex, RawSocket, until } from '../test/raw-socket.ts';

const MIB = 1_048_576;
/** How much a client that never reads wants to send: far more than the system's own buffers hold. */
const FLOOD_BYTES = 64 * MIB;
/** A server that takes nothing for so long, and serves others meanwhile, has stopped reading. In milliseconds. */
const STALLED_MS = 500;

type Play = (client: RawSocket, server: CheckedServer) => Promise<void>;

/** A check with one client. */
function check(step: string, title: string, play: Play): PortCheck {
  return {
    step,
    title,
    async play(server) {
      await using client = await RawSocket.connect(server);
      await play(client, server);
    },
  };
}

/** A check that a bad client is disconnected, while a good one that has half a frame under way notices nothing. */
function refused(step: string, title: string, play: Play): PortCheck {
  return check(step, title, async (good, server) => {
    good.write('00000003 01 68');
    await using bad = await RawSocket.connect(server);
    await play(bad, server);
    await bad.expectClosed();
    good.write('69');
    await good.expect('00000003 01 6869');
  });
}

const wholeFrames: readonly PortCheck[] = [
  check('1.4', 'one frame comes back', async (client) => {
    client.write('00000006 05 68656c6c6f');
    await client.expect('00000006 05 68656c6c6f');
  }),
  check('1.1', 'a frame without a body comes back', async (client) => {
    client.write('00000001 ff');
    await client.expect('00000001 ff');
  }),
  check('1.1', 'any byte may stand in a body, and any type in front of it', async (client) => {
    const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    for (const type of [0, 1, 127, 128, 255]) {
      client.write(frameBytes(type, every));
      await client.expect(frameBytes(type, every));
    }
  }),
  check('1.4', 'a thousand frames in one write come back in order', async (client) => {
    const frames = Buffer.concat(
      Array.from({ length: 1_000 }, (_, i) => frameBytes(i % 256, Buffer.alloc(i % 40, i))),
    );
    client.write(frames);
    await client.expect(frames);
  }),
];

const cutFrames: readonly PortCheck[] = [
  check('1.5', 'frames that come in single bytes', async (client) => {
    await client.writeInPieces('00000003 01 6869 00000001 02 00000002 03 21');
    await client.expect('00000003 01 6869 00000001 02 00000002 03 21');
  }),
  check('1.5', 'a frame cut in two, at every place', async (client) => {
    const before = hex('00000002 01 aa');
    const frame = hex('00000006 05 68656c6c6f');
    for (let cut = 1; cut < frame.length; cut++) {
      client.write(Buffer.concat([before, frame.subarray(0, cut)]));
      // Once the frame in front is back, the server has read the first part alone.
      await client.expect(before);
      client.write(frame.subarray(cut));
      await client.expect(frame);
    }
  }),
  check('1.5', 'a frame of 1 MiB', async (client) => {
    const frame = frameBytes(9, Buffer.alloc(MIB - 1, 'leveret'));
    client.write(frame);
    await client.expect(frame);
  }),
];

const clients: readonly PortCheck[] = [
  check('1.14', 'each client gets its own frames, and only those', async (one, server) => {
    await using other = await RawSocket.connect(server);
    one.write('00000002 01 aa 00000003 01');
    other.write('00000002 01 bb');
    await other.expect('00000002 01 bb');
    one.write('cccc');
    await one.expect('00000002 01 aa 00000003 01 cccc');
  }),
  check('1.14', 'a client that ends its side still gets every echo; then the server ends', async (client) => {
    const frame = frameBytes(1, Buffer.alloc(60_000, 7));
    const stream = Buffer.concat(Array.from({ length: 200 }, () => frame));
    // More than the buffers of both sides hold: most echoes are written after the client's end.
    client.pause();
    client.write(stream);
    client.end();
    client.resume();
    await client.expect(stream);
    await client.expectClosed('end');
  }),
  check('1.11', 'a client that never reads is not read from, and others are served', async (lazy, server) => {
    lazy.pause();
    const frame = frameBytes(1, Buffer.alloc(65_535));
    for (let sent = 0; sent < FLOOD_BYTES; sent += frame.length) lazy.write(frame);
    await using other = await RawSocket.connect(server);
    const held = await stalled(lazy, other);
    if (held < FLOOD_BYTES / 2) {
      const took = Math.round((FLOOD_BYTES - held) / MIB);
      throw new Error(`it took ${took} MiB from a client that reads no echo: they fill its memory`);
    }
    // Once it reads, all that was held up goes on.
    lazy.resume();
    for (let got = 0; got < FLOOD_BYTES; got += frame.length) await lazy.expect(frame);
  }),
];

const badInput: readonly PortCheck[] = [
  refused('1.2', 'size 0 is refused: the client is disconnected, others are not', async (client) => {
    client.write('00000000');
  }),
  ...['00100001', '7fffffff', 'ffffffff'].map((size) =>
    refused('1.2', `size ${size} is refused before its body comes`, (client) => client.writeInPieces(size)),
  ),
  refused('1.10', 'the good frames before a bad one come back', async (client) => {
    client.write('00000002 01 aa 00000002 02 bb 00000000');
    await client.expect('00000002 01 aa 00000002 02 bb');
  }),
  ...['00', '000000', '00000003', '00000003 01 68'].map((part) =>
    refused('1.6', `an end in the middle of a frame, after ${part}`, async (client) => {
      client.write(part);
      client.end();
    }),
  ),
  check(
    '1.13',
    'a client that breaks its connection in the middle of a frame harms nobody',
    async (good, server) => {
      const bad = await RawSocket.connect(server);
      bad.write('00000003 01 68');
      await bad.flush();
      bad.reset();
      good.write('00000003 01 6869');
      await good.expect('00000003 01 6869');
    },
  ),
];

/** Waits until the server takes nothing more, while it serves another client; gives the bytes that are still unsent. */
async function stalled(lazy: RawSocket, other: RawSocket): Promise<number> {
  let last = -1;
  let since = performance.now();
  await until(
    async () => {
      other.write('00000003 01 6869');
      await other.expect('00000003 01 6869');
      if (lazy.unsent !== last) since = performance.now();
      last = lazy.unsent;
      return performance.now() - since > STALLED_MS;
    },
    { deadlineMs: 10_000, what: 'the server stops taking bytes from a client that does not read' },
  );
  return last;
}

/** The checks of chapter 1. */
export const checks: PortChecks = {
  freshProcesses: false,
  checks: [...wholeFrames, ...cutFrames, ...clients, ...badInput],
};

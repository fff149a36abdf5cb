import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FrameError, LeveretError } from '#framing';
import { readFrames } from '#framing/net';
import { frameBytes } from './frames.ts';
import { soon, until } from './raw-socket.ts';
import { socketPair } from './socket-pair.ts';

const TIMEOUT = { timeout: 20_000 };

describe('the reading half', TIMEOUT, () => {
  test('hands out frames whose bodies stay as they are', TIMEOUT, async (t) => {
    const { client, socket } = await socketPair(t);
    const frames = readFrames(socket);
    client.write('00000003 01 6869');
    const first = await soon(frames.next(), 'the next frame');
    client.write('00000003 02 7878');
    const second = await soon(frames.next(), 'the next frame');
    assert.deepEqual(
      first.value,
      { type: 1, body: Buffer.from('hi') },
      'the first frame, after the second has come',
    );
    assert.deepEqual(second.value, { type: 2, body: Buffer.from('xx') }, 'the second frame');
    client.end();
    assert.equal((await soon(frames.next(), 'the next frame')).done, true, 'the end');
    // The client has ended its side only: the server's side still works.
    socket.write('still open');
    await client.expect(Buffer.from('still open'));
  });

  test('gives each body memory of its own, not a view of what the socket read', TIMEOUT, async (t) => {
    const { client, socket } = await socketPair(t);
    client.write('00000003 01 6869 00000003 02 7878');
    const frames = readFrames(socket);
    const one: Buffer = (await soon(frames.next(), 'the next frame')).value.body;
    const other: Buffer = (await soon(frames.next(), 'the next frame')).value.body;
    // Views of one chunk would lie 7 bytes apart: a body of 2 and a header of 5.
    assert.ok(
      one.buffer !== other.buffer || other.byteOffset - one.byteOffset !== 7,
      'the second body lies in the same chunk as the first',
    );
  });

  test('frames before a bad size are handed out, then the FrameError', TIMEOUT, async (t) => {
    const { client, socket } = await socketPair(t);
    client.write('00000001 01 00000001 02 00000011');
    const types: number[] = [];
    const reading = (async () => {
      for await (const { type } of readFrames(socket, { limit: 16 })) types.push(type);
    })();
    await assert.rejects(
      soon(reading, 'the end of the loop'),
      (error: unknown) => error instanceof FrameError && error.code === 'TOO_LARGE',
      'the loop ends with the error',
    );
    assert.deepEqual(types, [1, 2], 'the frames before it');
  });

  test('an end in mid-frame is TRUNCATED', TIMEOUT, async (t) => {
    const { client, socket } = await socketPair(t);
    client.write('00000003 01 68');
    client.end();
    await assert.rejects(
      soon(readFrames(socket).next(), 'the error'),
      { code: 'TRUNCATED' },
      'the reading ends with the error',
    );
  });

  test('does not read on while nobody asks', TIMEOUT, async (t) => {
    const { client, socket } = await socketPair(t);
    const frames = readFrames(socket);
    const frame = frameBytes(1, Buffer.alloc(100_000));
    const total = 640 * frame.length;
    for (let i = 0; i < 640; i++) client.write(frame);
    assert.equal((await soon(frames.next(), 'the next frame')).value?.type, 1, 'the first frame');
    let last = -1;
    let same = 0;
    await until(
      () => {
        same = client.unsent === last ? same + 1 : 0;
        last = client.unsent;
        return same === 50;
      },
      { what: 'the server stops taking bytes' },
    );
    assert.ok(last > total / 2, `${last} of ${total} bytes are still with the sender`);
    for (let i = 1; i < 640; i++)
      assert.equal((await soon(frames.next(), 'the next frame')).value?.body.length, 100_000, `frame ${i}`);
  });

  test('leaving it leaves the writing half open', TIMEOUT, async (t) => {
    const { client, socket } = await socketPair(t);
    client.write('00000001 01');
    for await (const { type } of readFrames(socket)) {
      assert.equal(type, 1, 'the first frame');
      break;
    }
    socket.write('still open');
    await client.expect(Buffer.from('still open'));
  });

  test(
    'a connection that breaks is DISCONNECTED, with the error of the system as its cause',
    TIMEOUT,
    async (t) => {
      const { client, socket } = await socketPair(t);
      const frames = readFrames(socket);
      client.write('00000001 01 00');
      assert.equal((await soon(frames.next(), 'the first frame')).value?.type, 1, 'the first frame');
      client.reset();
      await assert.rejects(
        soon(frames.next(), 'the error'),
        (error: unknown) => {
          assert.ok(error instanceof LeveretError, `it is an error of ours: ${error}`);
          assert.equal(error.code, 'DISCONNECTED', 'its code');
          assert.ok(error.cause instanceof Error, 'its cause is what the system said');
          return true;
        },
        'the reading ends with the error',
      );
    },
  );

  test('a fault of the program comes out as it is: it is no broken connection', TIMEOUT, async (t) => {
    const { client, socket } = await socketPair(t);
    // A socket that hands out what are no bytes: whoever reads them trips.
    const broken = async function* () {
      yield null;
    };
    Object.assign(socket, { iterator: broken, [Symbol.asyncIterator]: broken });
    client.end();
    await assert.rejects(
      soon(readFrames(socket).next(), 'the error'),
      (error: unknown) => {
        assert.ok(error instanceof TypeError, `a TypeError in the reading was told as ${error}`);
        return true;
      },
      'the reading ends with the fault',
    );
  });
});

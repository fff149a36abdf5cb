/** Both directions of one connection, with callbacks, seen from outside as bytes. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { FrameSocket, type FrameSocketHandlers } from '#broadcast/server';
import { encodeFrame } from '#framing';
import { startServer } from '#framing/net';
import { RawSocket, until } from '../../01-framed-echo/test/raw-socket.ts';

const timeout = 7_000;
const LIMIT = 70_000;
const frame = (text: string) => encodeFrame(1, Buffer.from(text));

/** A frame socket at the server's end, what it tells its owner, and the other end as bytes. */
async function pair(t: TestContext, handlers: Partial<FrameSocketHandlers> = {}) {
  const frames: string[] = [];
  const failures: unknown[] = [];
  const calls = { turns: 0, ends: 0, closes: 0 };
  let socket: FrameSocket | undefined;
  let accepted: Socket | undefined;
  const onConnection = (raw: Socket) => {
    accepted = raw;
    socket = new FrameSocket(raw, LIMIT, {
      onFrame: (_type, bytes, start, end) => frames.push(bytes.toString('latin1', start, end)),
      onTurn: () => {
        calls.turns += 1;
      },
      mayRead: () => true,
      onFailure: (thrown) => failures.push(thrown),
      onEnd: () => {
        calls.ends += 1;
      },
      onClose: () => {
        calls.closes += 1;
      },
      ...handlers,
    });
  };
  const server = await startServer({ onConnection, allowHalfOpen: true });
  t.after(() => server.close());
  const peer = await RawSocket.connect({ port: server.port, deadlineMs: 3_000 });
  t.after(() => peer.close());
  await until(() => socket !== undefined, { what: 'the server has the connection' });
  return { socket: socket as FrameSocket, raw: accepted as Socket, frames, failures, calls, peer };
}

const told = (condition: () => boolean, what: string) => until(condition, { deadlineMs: 3_000, what });

test('frames come in, in whatever pieces, and frames go out', { timeout }, async (t) => {
  const { socket, frames, calls, peer } = await pair(t);
  await peer.writeInPieces(frame('hi'));
  peer.write(Buffer.concat([frame('you'), frame('there')]));
  await told(() => frames.length === 3, 'three frames have come');
  assert.deepEqual(frames, ['hi', 'you', 'there'], 'the frames');
  assert.ok(calls.turns > 0, 'the owner had a turn after a read');
  socket.send(frame('hello'));
  await peer.expect(frame('hello'));
});

test('what answers a read is written before the owner has its turn', { timeout }, async (t) => {
  let answered = 0;
  const behind: number[] = [];
  const { socket, raw, peer } = await pair(t, {
    onFrame: (type, bytes, start, end) => {
      const answer = encodeFrame(type, bytes.subarray(start, end));
      answered += answer.length;
      socket.send(answer);
    },
    onTurn: () => behind.push(answered - raw.bytesWritten),
  });
  const all = Buffer.concat(Array.from({ length: 50 }, (_, n) => frame(`question ${n}`)));
  peer.write(all);
  await peer.expect(all);
  assert.ok(behind.length > 0, 'the owner had its turn');
  assert.deepEqual(new Set(behind), new Set([0]), 'bytes that were not written yet when the turn came');
});

test('the limit holds, and may be changed', { timeout }, async (t) => {
  const { socket, frames, failures, peer } = await pair(t);
  assert.equal(socket.limit, LIMIT, 'the limit at first');
  socket.limit = 10;
  assert.equal(socket.limit, 10, 'the limit now');
  peer.write(frame('nine more'));
  await told(() => frames.length === 1, 'a frame of ten bytes has come');
  peer.write(frame('ten or more'));
  await told(() => failures.length > 0, 'the owner is told of a frame that is too large');
  assert.equal((failures[0] as { code?: string }).code, 'TOO_LARGE', 'the reason');
});

test('what a handler throws goes to onFailure, and no frame behind it is handed out', {
  timeout,
}, async (t) => {
  const seen: string[] = [];
  const fault = new TypeError('broken');
  const { failures, peer } = await pair(t, {
    onFrame: (_type, bytes, start, end) => {
      seen.push(bytes.toString('latin1', start, end));
      throw fault;
    },
  });
  peer.write(Buffer.concat([frame('a'), frame('b')]));
  await told(() => failures.length > 0, 'the owner is told');
  assert.equal(failures[0], fault, 'what was thrown');
  assert.deepEqual(seen, ['a'], 'frames that were handed out');
});

test('what onTurn throws goes to onFailure too', { timeout }, async (t) => {
  const fault = new TypeError('broken turn');
  const { socket, failures } = await pair(t, {
    onTurn: () => {
      throw fault;
    },
  });
  socket.turn();
  assert.deepEqual(failures, [fault], 'what the owner is told');
});

test('while it may not read, the peer is slowed down; then it goes on', { timeout }, async (t) => {
  let may = false;
  let frames = 0;
  const { socket, peer } = await pair(t, {
    mayRead: () => may,
    onFrame: () => {
      frames += 1;
    },
  });
  socket.adjustReading();
  const large = encodeFrame(1, Buffer.alloc(65_536));
  const total = 400; // 26 MB: more than the system holds for one who does not read
  for (let n = 0; n < total; n += 1) peer.write(large);
  await told(() => peer.unsent > 0, 'the peer cannot get rid of it');
  assert.ok(frames < total, `${frames} of ${total} frames were read though it may not read`);
  may = true;
  socket.adjustReading();
  await told(() => frames === total, 'all is read when it may');
});

test('when the socket has drained the owner has a turn', { timeout }, async (t) => {
  const { socket, calls, peer } = await pair(t);
  peer.pause();
  const large = encodeFrame(1, Buffer.alloc(65_536));
  for (let n = 0; !socket.full && n < 1_000; n += 1) socket.send(large);
  assert.equal(socket.full, true, 'it holds more than it likes');
  const before = calls.turns;
  peer.resume();
  await told(() => calls.turns > before, 'the owner is given its turn after the drain');
  assert.equal(socket.full, false, 'there is room');
});

test('end(): the last frame arrives though the peer sends on; what it sends is not handed out', {
  timeout,
}, async (t) => {
  let isOver = false;
  const { socket, frames, failures, peer } = await pair(t, { mayRead: () => !isOver });
  peer.write(frame('a'));
  await told(() => frames.length === 1, 'the first frame has come');
  socket.send(frame('goodbye'));
  isOver = true;
  socket.end(5_000);
  // 26 MB, more than the system holds for one who does not read. Left unread, it would make the system reset the connection.
  for (let n = 0; n < 400; n += 1) peer.write(encodeFrame(1, Buffer.alloc(65_536)));
  await told(() => peer.unsent === 0, 'what the peer still sends is read');
  await peer.expect(frame('goodbye'));
  await peer.expectClosed('end');
  assert.deepEqual(frames, ['a'], 'frames that were handed out');
  assert.deepEqual(failures, [], 'no failure');
});

test('end(): a peer that does not go is closed after that time, and not before', { timeout }, async (t) => {
  const { socket, calls, peer } = await pair(t);
  const began = performance.now();
  socket.end(150);
  socket.end(150);
  await peer.expectClosed('end');
  assert.equal(calls.closes, 0, 'it has time to go');
  await told(() => calls.closes === 1, 'the connection is gone');
  assert.ok(performance.now() - began >= 140, 'the peer had the time that it was given');
});

test('gone() resolves when the connection is gone, and at once if it is', { timeout }, async (t) => {
  const { socket, calls, peer } = await pair(t);
  const gone = socket.gone(5_000);
  peer.reset();
  await gone;
  assert.equal(calls.closes, 1, 'the owner was told');
  await socket.gone(5_000);
});

test('onEnd when the peer ends between two frames; it can still be answered', { timeout }, async (t) => {
  const { socket, frames, calls, peer } = await pair(t);
  peer.write(frame('last'));
  peer.end();
  await told(() => calls.ends === 1, 'the owner is told');
  assert.deepEqual(frames, ['last'], 'what came before');
  socket.send(frame('answer'));
  socket.end(2_000);
  await peer.expect(frame('answer'));
  await peer.expectClosed('end');
});

test('an end inside a frame is no end: the connection is closed', { timeout }, async (t) => {
  const { calls, peer } = await pair(t);
  peer.write('00000006 01 68');
  peer.end();
  await told(() => calls.closes === 1, 'the connection is gone');
  assert.equal(calls.ends, 0, 'the owner was not told of an end');
});

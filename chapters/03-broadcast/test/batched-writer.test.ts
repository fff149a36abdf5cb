/** What goes to the system in how many writes. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { BatchedWriter } from '#broadcast/server';
import { encodeFrame } from '#framing';
import { startServer } from '#framing/net';
import { RawSocket, until } from '../../01-framed-echo/test/raw-socket.ts';

const timeout = 6_000;
const frame = (text: string) => encodeFrame(1, Buffer.from(text));

/** A writer on the server's end of a connection, what it hands to its socket, and the other end. */
async function pair(t: TestContext, reading = true) {
  let accepted: Socket | undefined;
  const errors: Error[] = [];
  const server = await startServer({
    allowHalfOpen: true,
    onConnection: (socket) => {
      accepted = socket;
    },
  });
  t.after(() => server.close());
  const peer = await RawSocket.connect({ port: server.port, reading, deadlineMs: 3_000 });
  t.after(() => peer.close());
  await until(() => accepted !== undefined, { what: 'the server has the connection' });
  const socket = accepted as Socket;
  socket.on('error', (error) => errors.push(error));
  const writes: Uint8Array[] = [];
  const write = socket.write.bind(socket) as (bytes: Uint8Array) => boolean;
  socket.write = (bytes: Uint8Array | string) => {
    assert.ok(typeof bytes !== 'string', 'what is written is bytes');
    writes.push(bytes);
    return write(bytes);
  };
  return { writer: new BatchedWriter(socket), socket, writes, errors, peer };
}

test('small frames of one callback go out in one write, in order', { timeout }, async (t) => {
  const { writer, writes, peer } = await pair(t);
  const frames = ['one', 'two', 'three'].map(frame);
  for (const each of frames) assert.equal(writer.send(each), false, 'it waits for the others');
  assert.equal(writes.length, 0, 'nothing is written while the callback runs');
  await peer.expect(Buffer.concat(frames));
  assert.equal(writes.length, 1, 'one write for all');
  writer.send(frame('four'));
  await peer.expect(frame('four'));
  assert.equal(writes.length, 2, 'the next callback has a write of its own');
});

test('a large frame is not copied, and goes behind what was gathered', { timeout }, async (t) => {
  const { writer, writes, peer } = await pair(t);
  const [before, large, after] = [frame('before'), encodeFrame(1, Buffer.alloc(4_096, 7)), frame('after')];
  writer.send(before);
  assert.equal(writer.send(large), true, 'the system has taken it at once');
  writer.send(after);
  await peer.expect(Buffer.concat([before, large, after]));
  assert.equal(writes.length, 3, 'a write for what stood before, for it, and for what came after');
  assert.ok(writes[1] === large, 'the very bytes that were given were written');
});

test('what is gathered does not grow beyond 64 KiB and a frame', { timeout }, async (t) => {
  const { writer, writes, peer } = await pair(t);
  const each = encodeFrame(1, Buffer.alloc(1_995, 7));
  for (let n = 0; n < 100; n += 1) writer.send(each);
  assert.equal(writes.length, 3, 'writes while the callback still runs, for 200,000 bytes');
  await peer.expect(Buffer.concat(Array.from({ length: 100 }, () => each)));
  assert.equal(writes.length, 4, 'and one for the rest');
});

test('flush() writes now, and nothing twice', { timeout }, async (t) => {
  const { writer, writes, peer } = await pair(t);
  writer.flush();
  assert.equal(writes.length, 0, 'nothing to write');
  writer.send(frame('one'));
  writer.flush();
  assert.equal(writes.length, 1, 'written at once');
  writer.send(frame('two'));
  await peer.expect(Buffer.concat([frame('one'), frame('two')]));
  assert.equal(writes.length, 2, 'the second by itself');
});

test('end() ends behind what was sent; what is sent later goes nowhere', { timeout }, async (t) => {
  const { writer, writes, errors, peer } = await pair(t);
  writer.send(frame('last'));
  writer.end();
  assert.equal(writer.send(frame('too late')), true, 'there is nothing left to wait for');
  writer.flush();
  await peer.expect(frame('last'));
  await peer.expectClosed('end');
  assert.equal(writes.length, 1, 'one write');
  assert.deepEqual(errors, [], 'no error on the socket');
});

test('full while the socket holds more than it likes; drained() tells when that is over', {
  timeout,
}, async (t) => {
  const { writer, peer } = await pair(t, false);
  assert.equal(writer.full, false, 'at first');
  const large = encodeFrame(1, Buffer.alloc(65_536));
  let sent = 0;
  let out = true;
  for (; !writer.full && sent < 1_000; sent += 1) out = writer.send(large);
  assert.equal(writer.full, true, 'after as much as a socket takes from one who does not read');
  assert.equal(out, false, 'the last frame is not out yet');
  const drained = writer.drained();
  peer.startReading();
  await drained;
  assert.equal(writer.full, false, 'when the other side has read');
});

test('drained() fails when the connection breaks, and a broken connection is full', {
  timeout,
}, async (t) => {
  const { writer, peer } = await pair(t, false);
  const large = encodeFrame(1, Buffer.alloc(65_536));
  for (let sent = 0; !writer.full && sent < 1_000; sent += 1) writer.send(large);
  const drained = assert.rejects(writer.drained(), { code: 'DISCONNECTED' }, 'nobody waits for ever');
  peer.reset();
  await drained;
  assert.equal(writer.full, true, 'it takes nothing more');
});

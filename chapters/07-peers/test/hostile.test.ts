import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeFrame } from '#framing';
import { encodeHello, type Peer, PeerFrame, type PeerOptions } from '#peers';
import { RawSocket, until } from '../../01-framed-echo/test/raw-socket.ts';
import { quickPeer, TestClock, take, takeText } from './helpers.ts';

const options = { timeout: 20_000 };
const HELLO = encodeHello('127.0.0.1:9');
const port = (peer: Peer) => Number(peer.address.split(':').at(-1));
const dial = (peer: Peer) => RawSocket.connect({ port: port(peer) });
const datagram = (text: string) => encodeFrame(PeerFrame.Datagram, Buffer.from(text));

/** Every test ends with this: the peer still serves others. */
async function stillServes(peer: Peer): Promise<void> {
  await using other = await quickPeer();
  await other.send(peer.address, Buffer.from('still there?'));
  assert.equal(await takeText(peer), 'still there?');
}

const broken: [what: string, bytes: Buffer, limits?: PeerOptions][] = [
  ['a frame of size 0', Buffer.from('00000000', 'hex')],
  ['a frame of 4 GiB', Buffer.from('ffffffff01', 'hex')],
  ['a HELLO larger than a HELLO can be', encodeFrame(PeerFrame.Hello, Buffer.alloc(300, 1))],
  ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
  ['a datagram before HELLO', datagram('x')],
  ['a WELCOME before HELLO', encodeFrame(PeerFrame.Welcome, Buffer.alloc(5, 1))],
  ['a second HELLO', Buffer.concat([HELLO, HELLO])],
  ['an unknown type', Buffer.concat([HELLO, encodeFrame(0x7f, Buffer.alloc(3))])],
  [
    'a datagram above the limit',
    Buffer.concat([HELLO, encodeFrame(2, Buffer.alloc(101))]),
    { maxDatagramBytes: 100 },
  ],
];

for (const [what, bytes, limits = {}] of broken) {
  test(`${what}: the connection is cut, the peer goes on`, options, async () => {
    await using bob = await quickPeer(limits);
    await using socket = await dial(bob);
    socket.write(bytes);
    await socket.readUntilClosed();
    await until(() => bob.status().incoming === 0);
    assert.equal(bob.status().waiting, 0, 'nothing was received');
    await stillServes(bob);
  });
}

const refused: [what: string, body: string, reason: RegExp][] = [
  ['nothing in it', '', /wrong length/],
  ['another version', '0203613a31', /version 2/],
  ['a length that lies', '01ff613a31', /wrong length/],
  // Whatever parseAddress says: its words are free, its code is not.
  ['an address without a port', '0103616263', /\S/],
  ['an address with a line break', '0105610a3a3830', /\S/],
];

for (const [what, body, reason] of refused) {
  test(`a HELLO with ${what} is refused with a reason`, options, async () => {
    await using bob = await quickPeer();
    await using socket = await dial(bob);
    socket.write(encodeFrame(PeerFrame.Hello, Buffer.from(body, 'hex')));
    const frame = await socket.readFrame();
    assert.equal(frame[4], PeerFrame.Refuse);
    assert.match(frame.toString('utf8', 6), reason);
    socket.end();
    await until(() => bob.status().incoming === 0);
    await stillServes(bob);
  });
}

test('who is refused and does not hang up is cut off', options, async () => {
  let time = 0;
  await using bob = await quickPeer({ clock: () => time, frameTimeoutMs: 1_000 });
  await using socket = await dial(bob);
  socket.write(encodeFrame(PeerFrame.Hello, Buffer.alloc(0)));
  await socket.readFrame();
  time = 1_000;
  await until(() => bob.status().incoming === 0);
});

test('who says nothing is cut off', options, async () => {
  let time = 0;
  await using bob = await quickPeer({ clock: () => time, frameTimeoutMs: 1_000 });
  await using _socket = await dial(bob);
  await until(() => bob.status().incoming === 1);
  time = 1_000;
  await until(() => bob.status().incoming === 0);
  await stillServes(bob);
});

test('who drips a frame byte by byte is cut off at the deadline', options, async () => {
  const time = new TestClock();
  await using bob = await quickPeer({ clock: time.clock, frameTimeoutMs: 1_000 });
  await using socket = await dial(bob);
  socket.write(HELLO);
  await socket.readFrame();
  const slow = datagram('a very long story');
  for (const byte of slow.subarray(0, -1)) {
    socket.write(Buffer.of(byte));
    await socket.flush();
    time.now += 100;
    await time.swept();
    if (bob.status().incoming === 0) break;
  }
  await until(() => bob.status().incoming === 0);
  assert.equal(bob.status().waiting, 0, 'nothing was received');
});

test('a connection that rests between two frames is left alone', options, async () => {
  const time = new TestClock();
  await using bob = await quickPeer({ clock: time.clock, frameTimeoutMs: 1_000 });
  await using socket = await dial(bob);
  socket.write(HELLO);
  await socket.readFrame();
  socket.write(datagram('before'));
  assert.equal(await takeText(bob), 'before');
  time.now += 1_000_000;
  await time.swept();
  socket.write(datagram('after'));
  assert.equal(await takeText(bob), 'after');
});

test('a sender that the peer itself keeps waiting is not cut off', options, async () => {
  const time = new TestClock();
  await using bob = await quickPeer({ clock: time.clock, frameTimeoutMs: 1_000, maxReceivedBytes: 2 * 128 });
  await using socket = await dial(bob);
  socket.write(HELLO);
  await socket.readFrame();
  const half = datagram('half');
  socket.write(Buffer.concat([datagram('one'), datagram('two'), half.subarray(0, 6)]));
  await until(() => bob.status().paused);
  time.now += 1_000_000;
  await time.swept();
  assert.equal(bob.status().incoming, 1, 'it is not cut off');
  socket.write(half.subarray(6));
  assert.deepEqual(
    (await take(bob, 3)).map(({ data }) => data.toString()),
    ['one', 'two', 'half'],
  );
});

test('a reset in the middle of a frame loses that frame only', options, async () => {
  await using bob = await quickPeer();
  for (let cut = 1; cut < 12; cut++) {
    await using socket = await dial(bob);
    socket.write(HELLO);
    await socket.readFrame();
    socket.write(Buffer.concat([datagram('whole'), datagram('unfinished').subarray(0, cut)]));
    assert.equal(await takeText(bob), 'whole');
    socket.reset();
  }
  await until(() => bob.status().incoming === 0);
  assert.equal(bob.status().waiting, 0, 'of each only the whole one was received');
  await stillServes(bob);
});

test('an end in the middle of a frame closes the connection', options, async () => {
  await using bob = await quickPeer();
  await using socket = await dial(bob);
  socket.write(Buffer.concat([HELLO, datagram('unfinished').subarray(0, 8)]));
  socket.end();
  await until(() => bob.status().incoming === 0 && bob.status().waiting === 0);
  await stillServes(bob);
});

test('a handshake and datagrams in single bytes are understood', options, async () => {
  await using bob = await quickPeer();
  await using socket = await dial(bob);
  await socket.writeInPieces(Buffer.concat([HELLO, datagram('slow'), datagram('')]));
  const received = await take(bob, 2);
  assert.deepEqual(
    received.map(({ data }) => data.toString()),
    ['slow', ''],
  );
  assert.equal(received[0]?.from, '127.0.0.1:9');
});

test('a dialler that never reads its WELCOME does no harm', options, async () => {
  await using bob = await quickPeer();
  await using socket = await RawSocket.connect({ port: port(bob), reading: false });
  socket.write(Buffer.concat([HELLO, datagram('deaf')]));
  assert.equal(await takeText(bob), 'deaf');
});

test('200 streams of random bytes, and the peer goes on', { timeout: 30_000 }, async () => {
  await using bob = await quickPeer({ frameTimeoutMs: 50 });
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(HELLO, datagram('x'), datagram(''), Buffer.from('000000', 'hex')),
  );
  const drain = (async () => {
    for await (const { from } of bob.receive()) assert.equal(from, '127.0.0.1:9');
  })();
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 6 }), fc.boolean(), async (pieces, reset) => {
      await using socket = await dial(bob);
      socket.write(Buffer.concat(pieces));
      await socket.flush();
      if (reset) socket.reset();
    }),
    { numRuns: 200 },
  );
  await until(() => bob.status().incoming === 0);
  await using alice = await quickPeer();
  await alice.send(alice.address, Buffer.from('x'));
  await bob.close();
  await drain;
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPeer, PeerError } from '#peers';
import { until } from '../../01-framed-echo/test/raw-socket.ts';
import { quickPeer, take, takeText } from './helpers.ts';

const options = { timeout: 20_000 };

test('a datagram arrives whole, with both addresses', options, async () => {
  await using alice = await quickPeer();
  await using bob = await quickPeer();
  await alice.send(bob.address, Buffer.from('hello'));
  const [datagram] = await take(bob, 1);
  assert.equal(datagram?.data.toString(), 'hello');
  assert.equal(datagram?.from, alice.address, 'the address that the sender listens on, not its port');
  assert.equal(datagram?.to, bob.address);
});

test('one can answer to `from`', options, async () => {
  await using alice = await quickPeer();
  await using bob = await quickPeer();
  await alice.send(bob.address, Buffer.from('ping'));
  for await (const { data, from } of bob.receive()) {
    await bob.send(from, Buffer.concat([data, Buffer.from(' pong')]));
    break;
  }
  assert.equal(await takeText(alice), 'ping pong');
});

test('a peer can send to itself', options, async () => {
  await using alice = await quickPeer();
  await alice.send(alice.address, Buffer.from('note to self'));
  const [datagram] = await take(alice, 1);
  assert.equal(datagram?.data.toString(), 'note to self');
  assert.equal(datagram?.from, alice.address);
});

test('IPv6, in any spelling of the address', options, async (t) => {
  const bob = await createPeer({ host: '::1' }).catch(() => undefined);
  if (bob === undefined) return t.skip('this machine has no IPv6');
  await using alice = await quickPeer({ host: '::1' });
  const { address } = bob;
  assert.match(address, /^\[::1\]:\d+$/);
  await alice.send(address, Buffer.from('short'));
  await alice.send(address.replace('::1', '0:0:0:0:0:0:0:1'), Buffer.from('long'));
  const received = await take(bob, 2);
  assert.deepEqual(
    received.map(({ data }) => data.toString()),
    ['short', 'long'],
  );
  assert.equal(received[0]?.from, alice.address);
  assert.equal(alice.status().addresses.length, 1, 'both are one address');
  await bob.close();
});

test('every size: empty, one byte, larger than a batch, the largest', options, async () => {
  await using alice = await quickPeer({ maxPoolSize: 1 });
  await using bob = await quickPeer();
  const sizes = [0, 1, 4_095, 65_536, 131_066, 131_067, 131_068, 500_000, 1_048_575];
  for (const size of sizes) void alice.send(bob.address, Buffer.alloc(size, size % 251));
  const received = await take(bob, sizes.length);
  assert.deepEqual(
    received.map(({ data }) => data.length),
    sizes,
  );
  for (const { data } of received)
    assert.ok(
      data.every((byte) => byte === data.length % 251),
      'its bytes are those that were sent',
    );
});

test('1,024 messages in sequence, as the seed has it', options, async () => {
  await using alice = await createPeer();
  await using bob = await createPeer();
  const received = take(bob, 1_024);
  for (let n = 0; n < 1_024; n++) await alice.send(bob.address, Buffer.from(String(n)));
  const numbers = (await received).map(({ data }) => Number(data.toString()));
  assert.deepEqual(
    numbers,
    Array.from({ length: 1_024 }, (_, n) => n),
  );
});

test('1,024 messages in parallel, as the seed has it', options, async () => {
  await using alice = await createPeer();
  await using bob = await createPeer();
  const received = take(bob, 1_024);
  await Promise.all(Array.from({ length: 1_024 }, (_, n) => alice.send(bob.address, Buffer.from(String(n)))));
  const numbers = new Set((await received).map(({ data }) => Number(data.toString())));
  assert.equal(numbers.size, 1_024, 'each arrived once');
});

test('1,000 sends at once from each of four peers to each other', options, async () => {
  const peers = await Promise.all(Array.from({ length: 4 }, () => createPeer()));
  const sends: Promise<void>[] = [];
  for (let n = 0; n < 1_000; n++) {
    for (const from of peers) {
      const to = peers[n % peers.length]!;
      sends.push(from.send(to.address, Buffer.from(`${from.address} ${n}`)));
    }
  }
  const inboxes = await Promise.all(peers.map((peer) => take(peer, 1_000)));
  await Promise.all(sends);
  const texts = new Set(inboxes.flat().map(({ data }) => data.toString()));
  assert.equal(texts.size, 4_000);
  for (const { data, from } of inboxes.flat()) assert.equal(data.toString().split(' ')[0], from);
  await Promise.all(peers.map((peer) => peer.close()));
});

test('with a pool of one the order is kept, whatever the sizes', options, async () => {
  await using alice = await createPeer({ maxPoolSize: 1 });
  await using bob = await createPeer();
  const count = 2_000;
  for (let n = 0; n < count; n++) {
    const data = Buffer.alloc(4 + ((n * 7_919) % 9_000));
    data.writeUInt32BE(n);
    void alice.send(bob.address, data);
    if (n % 100 === 0) await new Promise(setImmediate);
  }
  const received = await take(bob, count);
  received.forEach(({ data }, n) => {
    assert.equal(data.readUInt32BE(), n);
  });
});

test('two loops share what arrives', options, async () => {
  await using alice = await quickPeer();
  await using bob = await quickPeer();
  const both = Promise.all([take(bob, 50), take(bob, 50)]);
  for (let n = 0; n < 100; n++) void alice.send(bob.address, Buffer.from(String(n)));
  const texts = new Set((await both).flat().map(({ data }) => data.toString()));
  assert.equal(texts.size, 100);
});

test('what is received is not in the memory of the next', options, async () => {
  await using alice = await quickPeer();
  await using bob = await quickPeer();
  await alice.send(bob.address, Buffer.alloc(10, 1));
  const [first] = await take(bob, 1);
  for (let n = 0; n < 100; n++) await alice.send(bob.address, Buffer.alloc(10, 2));
  await take(bob, 100);
  assert.deepEqual(first?.data, Buffer.alloc(10, 1));
});

test('the receive queue is bounded: reading stops, nothing is lost', options, async () => {
  await using alice = await quickPeer({ maxPoolSize: 2 });
  await using bob = await quickPeer({ maxReceivedBytes: 10_000_000 });
  const count = 64;
  const sends: Promise<void>[] = [];
  for (let n = 0; n < count; n++) {
    const data = Buffer.alloc(1_000_000);
    data.writeUInt32BE(n);
    sends.push(alice.send(bob.address, data));
  }
  const settled = Promise.all(sends);
  await until(() => bob.status().paused);
  // Whatever more could come in has time to: a few turns of reading, had it gone on.
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  const { waiting } = bob.status();
  assert.ok(
    waiting >= 10 && waiting <= 12,
    `10 MB may wait, and one chunk of each connection: ${waiting} do`,
  );
  const numbers = new Set((await take(bob, count)).map(({ data }) => data.readUInt32BE()));
  assert.equal(numbers.size, count);
  await settled;
  assert.equal(bob.status().paused, false, 'it reads again');
});

test('the receive queue is bounded, with one connection too', options, async () => {
  await using alice = await quickPeer({ maxPoolSize: 1 });
  await using bob = await quickPeer({ maxReceivedBytes: 1_000_000 });
  for (let n = 0; n < 40; n++) void alice.send(bob.address, Buffer.alloc(500_000));
  await until(() => bob.status().paused);
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  const { waiting } = bob.status();
  assert.ok(waiting <= 3, `1 MB may wait, and one datagram more: ${waiting} do`);
  assert.equal((await take(bob, 40)).length, 40, 'all arrive');
});

test('a peer that listens everywhere must say where it is reached', options, async () => {
  const error = await createPeer({ host: '0.0.0.0' }).catch((reason: unknown) => reason);
  assert.ok(error instanceof PeerError, `not a PeerError: ${error}`);
  assert.equal(error.code, 'BAD_ADDRESS', error.message);
  await using alice = await quickPeer();
  await using bob = await quickPeer({ host: '0.0.0.0', advertise: 'localhost' });
  assert.match(bob.address, /^localhost:\d+$/);
  await alice.send(bob.address, Buffer.from('x'));
  assert.equal(await takeText(bob), 'x');
});

test('bad options are named', options, async () => {
  for (const bad of [
    { port: 65_536 },
    { maxPoolSize: 0 },
    { maxPoolSize: 1.5 },
    { idleTimeoutMs: 0 },
    { sendTimeoutMs: Number.NaN },
    { maxDatagramBytes: -1 },
    { sweepMs: -5 },
    { stallTimeoutMs: 2 ** 31 },
  ]) {
    await assert.rejects(createPeer(bad), (error: Error) => {
      return error instanceof RangeError && error.message.includes(String(Object.values(bad)[0]));
    });
  }
  await using alice = await quickPeer();
  await assert.rejects(createPeer({ port: Number(alice.address.split(':')[1]) }), { code: 'ADDRESS_IN_USE' });
});

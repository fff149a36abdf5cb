import assert from 'node:assert';
import { test } from 'node:test';
import { until } from '../../01-framed-echo/test/raw-socket.ts';
import { startRig } from './table-harness.ts';

const timeout = 20_000;
const BIG = 32 * 1_048_576;

test('a connection on which nothing moves is closed as idle: not before its time, and by the sweep', {
  timeout,
}, async () => {
  await using rig = await startRig({ idleTimeoutMs: 1_000 });
  const { client } = await rig.pair();
  await rig.sweeps();
  rig.advance(999);
  await rig.sweeps();
  assert.deepStrictEqual(rig.log, [], 'closed too early');
  rig.advance(1);
  await until(() => rig.table.size === 0);
  assert.deepStrictEqual(rig.log, [{ number: 1, reason: 'idle' }]);
  await client.expectClosed();
  assert.strictEqual(rig.table.status().closed.idle, 1);
});

test('bytes in either direction are a sign of life', { timeout }, async () => {
  await using rig = await startRig({ idleTimeoutMs: 1_000 }, { received() {} });
  const { client, connection } = await rig.pair();
  await rig.sweeps();
  rig.advance(900);
  client.write(Buffer.from('x'));
  await until(() => connection.bytesIn === 1);
  await rig.sweeps();
  rig.advance(900);
  connection.write(Buffer.from('y'));
  await client.expect(Buffer.from('y'));
  await rig.sweeps();
  rig.advance(900);
  await rig.sweeps();
  assert.strictEqual(connection.state, 'open');
  rig.advance(100);
  await until(() => rig.log.length === 1);
  assert.deepStrictEqual(rig.log, [{ number: 1, reason: 'idle' }]);
});

test('a connection that we do not read is not idle', { timeout }, async () => {
  await using rig = await startRig({ idleTimeoutMs: 1_000 });
  const { connection } = await rig.pair();
  connection.pause();
  await rig.sweeps();
  rig.advance(5_000);
  await rig.sweeps();
  assert.strictEqual(connection.state, 'open');
  assert.strictEqual(connection.silentFor, 0, 'a paused peer cannot be heard, so its silence does not count');
  connection.resume();
  await rig.sweeps();
  rig.advance(1_000);
  await until(() => rig.log.length === 1);
});

test('the idle timeout of one connection can be its own', { timeout }, async () => {
  await using rig = await startRig({ idleTimeoutMs: 1_000 });
  const patient = await rig.pair();
  const ordinary = await rig.pair();
  assert.throws(() => patient.connection.setOptions({ idleTimeoutMs: -1 }), /idleTimeoutMs.*not -1/);
  patient.connection.setOptions({ idleTimeoutMs: 0 });
  await rig.sweeps();
  rig.advance(1_000_000);
  await until(() => rig.log.length === 1);
  await rig.sweeps();
  assert.deepStrictEqual(rig.log, [{ number: ordinary.connection.number, reason: 'idle' }]);
});

test('a peer that stops reading is closed when nothing went out for the write timeout', {
  timeout,
}, async () => {
  await using rig = await startRig({ writeTimeoutMs: 10_000 });
  const { connection } = await rig.pair(false);
  connection.write(Buffer.alloc(BIG));
  await until(() => connection.queuedBytes > 0);
  await rig.sweeps(20);
  rig.advance(9_999);
  await rig.sweeps();
  assert.strictEqual(connection.state, 'open', 'closed too early');
  // More for it to read is no sign that it reads.
  connection.write(Buffer.alloc(1_000));
  await rig.sweeps();
  rig.advance(1);
  await until(() => rig.log.length === 1);
  assert.deepStrictEqual(rig.log, [{ number: 1, reason: 'write-timeout' }]);
});

test('a peer that reads slowly is not closed, even within one large buffer', { timeout }, async () => {
  await using rig = await startRig({ writeTimeoutMs: 10_000 });
  const { client, connection } = await rig.pair(false);
  const size = 2 * BIG;
  connection.write(Buffer.alloc(size));
  await rig.sweeps(20);
  client.startReading();
  for (let round = 1; round <= 3; round++) {
    rig.advance(9_000);
    client.resume();
    await until(() => client.available > round * 5_000_000);
    client.pause();
    await rig.sweeps(20);
    assert.strictEqual(connection.state, 'open', `closed in round ${round}`);
    assert.strictEqual(connection.queuedBytes, size, 'the buffer is still one and not out');
  }
  rig.advance(10_000);
  await until(() => rig.log.length === 1);
  assert.strictEqual(rig.log[0]?.reason, 'write-timeout');
});

test('a peer that is half closed and does not read is closed by the write timeout', { timeout }, async () => {
  await using rig = await startRig({ writeTimeoutMs: 10_000 }, { ended() {} });
  const { client, connection } = await rig.pair(false);
  connection.write(Buffer.alloc(BIG));
  client.end();
  await rig.sweeps(20);
  rig.advance(10_000);
  await until(() => rig.log.length === 1);
  assert.deepStrictEqual(rig.log, [{ number: 1, reason: 'write-timeout' }]);
});

test('a peer that does not answer our end is cut off at the close timeout', { timeout }, async () => {
  await using rig = await startRig({ closeTimeoutMs: 5_000 });
  const stuck = await rig.pair(false);
  const quick = await rig.pair();
  stuck.connection.write(Buffer.alloc(BIG));
  stuck.connection.end('bad-input');
  quick.connection.end('bad-input', 1_000);
  await quick.client.expectClosed('end'); // it hears the end, and keeps its own side open
  rig.advance(1_000);
  await until(() => rig.log.length === 1);
  assert.deepStrictEqual(rig.log[0], { number: 2, reason: 'bad-input' });
  rig.advance(3_999);
  await rig.sweeps();
  assert.strictEqual(stuck.connection.state, 'closing');
  rig.advance(1);
  await until(() => rig.log.length === 2);
  assert.deepStrictEqual(rig.log[1], { number: 1, reason: 'bad-input' });
});

test('timeouts of 0 never fire', { timeout }, async () => {
  await using rig = await startRig({ idleTimeoutMs: 0, writeTimeoutMs: 0 });
  const { connection } = await rig.pair(false);
  connection.write(Buffer.alloc(BIG));
  await rig.sweeps(20);
  rig.advance(100_000_000);
  await rig.sweeps();
  assert.deepStrictEqual(rig.log, []);
});

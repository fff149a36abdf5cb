/** Clients that do not read their answers, or fall silent, on streams of which every byte is counted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ClientFrame, ClientType, ErrorCode, errorName } from '#protocol';
import {
  publish,
  subscribe,
  unsubscribe,
} from '../../../../chapters/04-full-protocol/test/conversation-requests.ts';
import { Access } from '../../access/access.ts';
import { BrokerCore } from '../../core.ts';
import { type LimitOptions, readBrokerLimits } from '../../limits.ts';
import { ERRORS_ONLY } from '../../logger.ts';
import { Stuck, TIMEOUT, until } from '../harness.ts';
import { decode } from '../support.ts';

const HELLO: ClientFrame = { type: 'HELLO', version: 1, name: 'x', token: '' };

/** A broker with one client that has said HELLO, on a clock that the test moves. */
async function begin(options: LimitOptions = {}) {
  const time = { now: 1_000, asked: 0 };
  const clock = (): number => {
    time.asked++;
    return time.now;
  };
  const access = new Access();
  const settings = {
    limits: readBrokerLimits(options),
    sweepIntervalMs: 2,
    clock,
    access,
    logger: ERRORS_ONLY,
  };
  const broker = new BrokerCore(settings);
  const stream = new Stuck();
  const connection = broker.table.adopt(stream);
  assert.ok(connection !== undefined, 'the table takes the stream in');
  stream.receive(HELLO);
  await nextTurn();
  const frames = () => decode(Buffer.concat(stream.taken));
  /** Wait until the broker has swept: each sweep asks for the time a few times. */
  const swept = async (): Promise<void> => {
    const before = time.asked;
    await until(() => time.asked > before + 10, 'it has swept');
  };
  return { stream, connection, time, frames, swept, close: () => broker.close(0) };
}

for (const [what, count, request] of [
  ['PONG', 5_000, { type: 'PING', bytes: Buffer.alloc(64) }],
  ['ERROR', 5_000, unsubscribe(7, 't')],
  ['PUBLISHED', 20_000, publish(7, 't', '')],
] as const) {
  test(`${what}s that are not read: not served further, even within one chunk`, {
    timeout: TIMEOUT,
  }, async () => {
    const limit = 100_000;
    const { stream, connection, frames, close } = await begin({ highWaterBytes: limit });
    stream.receive(...Array.from({ length: count }, () => request));
    // Work on so many requests takes turns.
    await until(() => connection.queuedBytes >= limit, `${limit} bytes wait`);
    await nextTurn();
    await nextTurn();
    // The limit, and what is collected before it is written.
    assert.ok(connection.queuedBytes <= limit + 2 * 65_536, `${connection.queuedBytes} bytes wait`);
    stream.free();
    await until(() => connection.queuedBytes === 0 && frames().length > count, 'all are answered');
    assert.equal(frames().length, count + 1);
    await close();
  });
}

test('with a small limit, too, it goes on after it has read', { timeout: TIMEOUT }, async () => {
  const { stream, frames, close } = await begin({ highWaterBytes: 1 });
  for (let i = 0; i < 20; i++) {
    stream.receive({ type: 'PING', bytes: Buffer.alloc(64) }, unsubscribe(1, 't'));
    await nextTurn();
  }
  stream.free();
  await until(() => frames().length === 41, 'all are answered');
  await close();
});

test('the end of what it sent is handled after the frames before it', { timeout: TIMEOUT }, async () => {
  const { stream, connection, frames, close } = await begin({ highWaterBytes: 1_000 });
  stream.receive(...Array.from({ length: 5_000 }, () => unsubscribe(7, 't')));
  stream.push(null);
  await nextTurn();
  await nextTurn();
  stream.free();
  await until(() => connection.state !== 'open', 'our side ends, too');
  assert.equal(frames().length, 5_001);
  await close();
});

test('what it published in its very last tick reaches it, too', { timeout: TIMEOUT }, async () => {
  const { stream, connection, frames, close } = await begin();
  stream.free();
  stream.receive(subscribe(1, 't'), publish(0, 't', 'last words'));
  stream.push(null);
  await until(() => connection.state !== 'open', 'our side ends, too');
  assert.deepEqual(
    frames().map(({ type }) => type),
    ['WELCOME', 'OK', 'MESSAGES'],
  );
  await close();
});

test('a silent client is sent two PINGs, then closed; one that answers is not', {
  timeout: TIMEOUT,
}, async () => {
  const { stream, connection, time, frames, swept, close } = await begin({
    idleMs: 1_000,
    drainTimeoutMs: 0,
  });
  stream.free();
  const pings = (): number => frames().filter(({ type }) => type === 'PING').length;
  await swept();
  for (let i = 1; i <= 4; i++) {
    time.now += 1_000;
    await until(() => pings() === i, 'a PING');
    stream.receive({ type: 'PONG', bytes: Buffer.alloc(0) });
    await nextTurn();
    await swept();
  }
  assert.equal(connection.state, 'open');
  time.now += 1_000;
  await until(() => pings() === 5, 'the first PING');
  time.now += 1_000;
  await until(() => pings() === 6, 'the second PING');
  assert.equal(connection.state, 'open');
  time.now += 1_000;
  await until(() => connection.state !== 'open', 'it is closed');
  const last = frames().at(-1);
  assert.ok(last?.type === 'ERROR' && last.code === ErrorCode.TIMEOUT, errorName(ErrorCode.TIMEOUT));
  await close();
});

test('the deadline is for one frame, not for a flow whose chunks all end inside one', {
  timeout: TIMEOUT,
}, async () => {
  const { stream, connection, time, swept, close } = await begin({ frameTimeoutMs: 1_000, idleMs: 0 });
  stream.free();
  const flow = Buffer.alloc(4 + 65);
  flow.writeUInt32BE(65);
  flow[4] = ClientType.PING;
  const stretch = Buffer.concat(Array.from({ length: 30 }, () => flow));
  // The first chunk ends ten bytes into a frame, and so do all others.
  stream.push(stretch.subarray(0, 10));
  let bytes = connection.bytesIn;
  for (let i = 0; i < 20; i++) {
    time.now += 300;
    stream.push(Buffer.concat([stretch.subarray(10, 69), stretch.subarray(0, 10)]));
    await until(() => connection.bytesIn > bytes, 'it has come');
    bytes = connection.bytesIn;
    await swept();
  }
  assert.equal(connection.state, 'open');
  time.now += 1_000;
  await until(() => connection.state !== 'open', 'the last frame never ends');
  await close();
});

/** What is buffered for clients that do not read, in all: on streams of which every byte can be counted. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ClientFrame } from '#protocol';
import {
  publish,
  subscribe,
  unsubscribe,
} from '../../../../chapters/04-full-protocol/test/conversation-requests.ts';
import { Access } from '../../access/access.ts';
import { BrokerCore } from '../../core.ts';
import { type LimitOptions, readBrokerLimits } from '../../limits.ts';
import { Stuck, until } from '../harness.ts';

const MiB = 1_048_576;
const BOUND = 4 * MiB;
const TIMEOUT = { timeout: 30_000 };
/** They are answered by 350 kB. */
const PINGS = Array.from({ length: 5_000 }, () => ({ type: 'PING', bytes: Buffer.alloc(64) }) as const);
const HELLO: ClientFrame = { type: 'HELLO', version: 1, name: 'x', token: '' };

/** A broker that is swept often, and streams to it whose other end takes nothing, or everything. */
function begin(
  t: TestContext,
  { sweepIntervalMs = 20, ...options }: LimitOptions & { sweepIntervalMs?: number } = {},
) {
  const warnings: string[] = [];
  const ignore = (): void => {};
  const warn = (_facts: object, message: string): void => void warnings.push(message);
  const logger = { trace: ignore, debug: ignore, info: ignore, warn, error: ignore };
  const limits = readBrokerLimits({ maxTotalBufferedBytes: BOUND, ...options });
  const broker = new BrokerCore({ limits, sweepIntervalMs, access: new Access(), logger });
  t.after(() => broker.close(0));
  const connect = async (takes: 'nothing' | 'everything'): Promise<Stuck> => {
    const stream = new Stuck();
    stream.on('error', ignore);
    if (takes === 'everything') stream.free();
    broker.table.adopt(stream);
    stream.receive(HELLO);
    await nextTurn();
    return stream;
  };
  return { broker, warnings, connect };
}

/** Bytes that wait in streams that are still there. */
function waiting(streams: readonly Stuck[]): number {
  return streams.reduce((sum, each) => sum + (each.destroyed ? 0 : each.writableLength), 0);
}

test('answers that nobody reads are bounded over all connections', TIMEOUT, async (t) => {
  const { broker, warnings, connect } = begin(t);
  const bystander = await connect('everything');
  const streams: Stuck[] = [];
  for (let i = 0; i < 30; i++) {
    const stream = await connect('nothing');
    streams.push(stream);
    stream.receive(...PINGS);
    await nextTurn();
  }
  await until(
    () => waiting(streams) <= BOUND,
    `no more answers are buffered than may be, of ${waiting(streams) / MiB} MiB`,
  );
  const { endedClients } = broker.buffered.report();
  assert.ok(endedClients >= 15 && endedClients < 30, `${endedClients} of 30 clients were ended`);
  assert.equal(warnings.length, 1, `warnings: ${warnings.join('; ')}`);
  assert.ok(!bystander.destroyed, 'one that holds nothing was ended');
});

test('a few bytes in a socket count as the segment that they hold', TIMEOUT, async (t) => {
  const { broker, connect } = begin(t, { sweepIntervalMs: 60_000 });
  // No sweep comes between: it would end the segments of a topic that is quiet.
  const publisher = await connect('everything');
  const reader = await connect('everything');
  reader.receive(subscribe(0, 't'));
  const streams: Stuck[] = [];
  const filler = publish(0, 't', 'x'.repeat(900_000));
  for (let i = 0; i < 30; i++) {
    const stream = await connect('nothing');
    streams.push(stream);
    stream.receive(subscribe(1, 't'));
    await until(() => stream.writableLength > 0, 'it has subscribed');
    publisher.receive(publish(0, 't', 'x'.repeat(3_000)));
    await until(() => stream.writableLength > 3_000, 'it is sent the message');
    stream.receive(unsubscribe(1, 't'));
    for (let n = 0; n < 2; n++) {
      reader.taken.length = 0;
      publisher.receive(filler);
      await until(() => reader.taken.length > 0, 'the segment is filled');
    }
  }
  const alive = (): number => streams.filter(({ destroyed }) => !destroyed).length;
  await until(() => {
    broker.buffered.look();
    return alive() <= 5;
  }, `of 30 clients each of which holds on to a segment few are left, not ${alive()}`);
  assert.ok(waiting(streams) < 100_000, `only ${waiting(streams)} bytes wait`);
  assert.ok(alive() > 1, 'some are left');
  assert.ok(!reader.destroyed && !publisher.destroyed, 'one that holds nothing was ended');
});

test('many that wait for the same segment hold it once', TIMEOUT, async (t) => {
  const { broker, connect } = begin(t);
  const publisher = await connect('everything');
  const streams = await Promise.all(Array.from({ length: 30 }, () => connect('nothing')));
  for (const stream of streams) stream.receive(subscribe(0, 't'));
  await nextTurn();
  for (let i = 0; i < 40; i++) {
    publisher.receive(publish(0, 't', 'x'.repeat(50_000)));
    await nextTurn();
  }
  broker.buffered.look();
  const { bufferedBytes, endedClients } = broker.buffered.report();
  assert.ok(bufferedBytes > 0 && bufferedBytes < BOUND, `${bufferedBytes} bytes are counted`);
  assert.equal(endedClients, 0, 'clients that were ended');
});

test('frames that wait to be served count', TIMEOUT, async (t) => {
  const { broker, connect } = begin(t, { maxTotalBufferedBytes: MiB });
  const streams = await Promise.all(Array.from({ length: 30 }, () => connect('everything')));
  for (const session of broker.sessions()) session.hold({ forget() {}, blockers: [] });
  for (const stream of streams) stream.receive(...PINGS.slice(0, 1_000));
  await until(
    () => broker.buffered.report().endedClients > 10,
    'clients are ended for frames that wait to be served',
  );
  assert.ok(broker.table.size > 1, 'some are left');
});

test('who takes what it is sent leaves nothing behind', TIMEOUT, async (t) => {
  const { broker, connect } = begin(t);
  const stream = await connect('nothing');
  stream.receive(...PINGS);
  await until(() => stream.writableLength > 300_000, 'it is answered');
  broker.buffered.look();
  assert.ok(broker.buffered.report().bufferedBytes > 300_000, 'what is counted while it waits');
  stream.free();
  await until(() => stream.writableLength === 0, 'everything is out');
  await until(() => broker.buffered.report().bufferedBytes === 0, 'nothing is counted then');
});

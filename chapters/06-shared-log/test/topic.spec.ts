/** A topic by itself: its log, the end of the turn, and what it retains. Its readers are the test. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readLimits } from '#framing';
import { Cursor } from '#log';
import { LOG_LIMITS, type LogLimits, Topic, TurnClock } from '#log/broker';
import { messages, readAll, records, type Text } from './support.ts';

/** A topic whose clock the test moves. */
class Stand {
  now = 1_000;
  readonly topic: Topic;

  constructor(limits: Partial<LogLimits> = {}) {
    const clock = new TurnClock(() => this.now);
    this.topic = new Topic('t', readLimits<keyof LogLimits>(LOG_LIMITS, limits), clock);
  }

  /** Publishes as a socket does, whose chunk is written over afterwards. Returns how many were taken. */
  publish(...texts: Text[]): number {
    const chunk = Buffer.concat([Buffer.alloc(3), records(...texts)]);
    const keyed = texts.some((text) => typeof text !== 'string');
    const taken = this.topic.publish(chunk, 3, chunk.length, texts.length, keyed);
    chunk.fill(0xee);
    return taken;
  }

  async endTurn(milliseconds = 0): Promise<void> {
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    this.now += milliseconds;
  }
}

test('time stands still during a turn, is whole, and never goes back', async () => {
  let time = 5.7;
  let asked = 0;
  const clock = new TurnClock(() => {
    asked += 1;
    return time;
  });
  assert.is(clock.now, 5, 'the time');
  time = 9;
  assert.is(clock.now, 5, 'the time, later in the same turn');
  assert.is(asked, 1, 'how often the system was asked in one turn');
  await new Promise(setImmediate);
  assert.is(clock.now, 9, 'the time in the next turn');
  await new Promise(setImmediate);
  time = 3;
  assert.is(clock.now, 9, 'the time when the clock went back');
});

test('what one turn brings is one frame, and readers are told once, when the turn ends', async () => {
  const stand = new Stand();
  const { topic } = stand;
  const cursor = new Cursor(topic.log, 1);
  let told = 0;
  topic.readers.add({ flush: () => void told++ });
  assert.is(stand.publish('a', 'b'), 2, 'how many were taken');
  stand.publish('c');
  assert.equal([told, topic.log.lastId, topic.log.sealedId], [0, 3, 0], 'told, last id, sealed id before');
  await stand.endTurn();
  assert.equal([told, topic.log.sealedId], [1, 3], 'told and sealed id when the turn has ended');
  assert.equal(readAll(cursor), ['1-3 a b c'], 'one frame, of copies');
  stand.publish('d');
  await stand.endTurn();
  assert.is(told, 2, 'told after the next turn');
});

test('a reader that comes and goes while it is told changes nothing for the others', async () => {
  const stand = new Stand();
  const { readers } = stand.topic;
  const told: string[] = [];
  const first = {
    flush: () => {
      told.push('first');
      readers.delete(first);
    },
  };
  const second = { flush: () => void told.push('second') };
  readers.add(first).add(second);
  stand.publish('a');
  await stand.endTurn();
  assert.equal(told, ['first', 'second'], 'who was told');
});

test('without retention the log keeps what somebody has not read, and no more', async () => {
  const stand = new Stand();
  const { topic } = stand;
  const cursor = new Cursor(topic.log, topic.oldestId);
  const found: string[] = [];
  for (let i = 1; i <= 50; i++) {
    stand.publish(`${i}`.padEnd(1_000, '.'));
    await stand.endTurn();
  }
  topic.readers.add({ flush: () => void found.push(...messages(readAll(cursor))) });
  stand.publish('x'.repeat(1_000));
  await stand.endTurn();
  assert.is(found.length, 51, 'what the slow reader finds when it reads');
  stand.publish('y'.repeat(1_000));
  await stand.endTurn();
  assert.ok(topic.log.bytes < 40_000, `${topic.log.bytes} bytes are kept, which all have read`);
  assert.is(topic.oldestId, 53, 'the oldest id that a new reader can have');
  for (let i = 0; i < 3; i++) topic.trim();
  assert.is(topic.log.bytes, 0, 'bytes of a quiet topic');
});

test('with retention the log keeps what is young enough, read or not', async () => {
  const stand = new Stand();
  const { topic } = stand;
  stand.publish('before it was configured');
  topic.configure({ retentionMs: 100, dedupeMs: 0 });
  assert.is(topic.oldestId, 2, 'what was there before is not retained');
  stand.publish('a');
  await stand.endTurn(60);
  stand.publish('b');
  await stand.endTurn(60);
  assert.is(topic.oldestId, 3, 'the oldest id when 120 ms have passed');
  await stand.endTurn(60);
  topic.trim();
  await stand.endTurn();
  assert.is(topic.oldestId, 4, 'the oldest id when all are too old');
  assert.is(topic.log.bytes, 0, 'bytes that nobody can have');
});

test('what was published in this very turn is not what comes next', () => {
  const stand = new Stand();
  stand.publish('a', 'b');
  assert.is(stand.topic.oldestId, 3, 'the oldest id that a new reader can have');
  assert.is(stand.topic.log.sealedId, 2, 'what is before it is sealed');
});

test('duplicates are left out one by one, until their time is over', async () => {
  const stand = new Stand();
  stand.topic.configure({ retentionMs: 60_000, dedupeMs: 100 });
  assert.is(stand.publish(['k', 'a'], 'b', ['k', 'c'], ['l', 'd']), 3, 'three of four are taken');
  assert.is(stand.publish(['k', 'e']), 0, 'none');
  await stand.endTurn(101);
  assert.is(stand.publish(['k', 'f']), 1, 'its time is over');
  await stand.endTurn();
  const found = messages(readAll(new Cursor(stand.topic.log, 1)));
  assert.equal(found, ['1 a', '2 b', '3 d', '4 f'], 'what lies in the log');
});

test('a batch that is a few bytes too large for one frame goes into several', async () => {
  const stand = new Stand({ maxFrameSize: 200 });
  stand.topic.configure({ retentionMs: 60_000, dedupeMs: 0 });
  const texts = Array.from({ length: 40 }, (_, i) => `message-${i}`);
  assert.is(stand.publish(...texts), 40, 'taken');
  await stand.endTurn();
  const found = messages(readAll(new Cursor(stand.topic.log, 1)));
  assert.equal(
    found,
    texts.map((text, i) => `${i + 1} ${text}`),
    'what lies in the log',
  );
});

test.run();

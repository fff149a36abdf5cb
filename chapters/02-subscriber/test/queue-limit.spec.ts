/** What a message weighs, and how many of them may wait. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isSkipped, MESSAGE_OVERHEAD, type Message, messageSize, QueueLimit } from '#topics';
import { code } from './support.ts';

const message: Message = { topic: 'hares', id: 1, key: 'key', payload: Buffer.from('payload'), time: 0 };

test('a message weighs its key, its payload, and what any message costs', () => {
  assert.is(messageSize(message), MESSAGE_OVERHEAD + 10, 'three characters of key, seven bytes of payload');
  assert.is(messageSize({ key: '', payload: Buffer.alloc(0) }), MESSAGE_OVERHEAD, 'an empty one');
});

test('news of a loss is told from messages', () => {
  assert.is(isSkipped({ topic: 'hares', fromId: 1, toId: 3 }), true, 'ids 1 to 3 are lost');
  assert.is(isSkipped(message), false, 'a message');
  assert.is(isSkipped([message]), false, 'a batch of messages');
});

test('it counts what is taken and what is given back', () => {
  const limit = new QueueLimit();
  limit.take(300);
  limit.take(200);
  assert.equal([limit.messages, limit.bytes], [2, 500], 'two taken');
  limit.giveBack(300);
  assert.equal([limit.messages, limit.bytes], [1, 200], 'one given back');
});

test('messages are bounded', () => {
  const limit = new QueueLimit({ maxLagMessages: 2 });
  limit.take(200);
  assert.is(limit.fits(200), true, 'a second one');
  limit.take(200);
  assert.is(limit.fits(1), false, 'a third one');
  limit.giveBack(200);
  assert.is(limit.fits(200), true, 'a second one again');
});

test('bytes are bounded, the last byte included', () => {
  const limit = new QueueLimit({ maxLagBytes: 500 });
  limit.take(200);
  assert.equal([limit.fits(300), limit.fits(301)], [true, false], 'exactly 500, and one more');
});

test('when nothing waits any message fits, however large', () => {
  const limit = new QueueLimit({ maxLagBytes: 10, maxLagMessages: 1 });
  assert.is(limit.fits(1_000_000), true, 'else it could never be delivered');
  limit.take(1_000_000);
  assert.is(limit.fits(1), false, 'a second one');
});

test('it refuses what does not fit, unless it is told to drop', () => {
  assert.equal(
    [new QueueLimit().overflow, new QueueLimit({}, 'drop-oldest').overflow],
    ['refuse', 'drop-oldest'],
    'what it was made with',
  );
});

test('limits out of range are refused', () => {
  for (const limits of [{ maxLagMessages: 0 }, { maxLagBytes: Number.NaN }]) {
    assert.is(
      code(() => new QueueLimit(limits)),
      'BAD_OPTION',
      `a limit of ${JSON.stringify(limits)}`,
    );
  }
});

test.run();

/** How a buffer queues: seen by its lag and by what the limit counts, before anything is handed out. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MESSAGE_OVERHEAD, MessageBuffer } from '#topics';
import { append, code, offer, setUp } from './support.ts';

test('what is pushed waits, and is counted', () => {
  const { topic, buffer, limit, publish } = setUp();
  assert.equal([buffer.topic, buffer.lag], ['hares', 0], 'its topic, and its lag at first');
  assert.equal([publish('one'), publish('three')], ['queued', 'queued'], 'two messages');
  assert.is(buffer.lag, 2, 'its lag');
  assert.equal([limit.messages, limit.bytes], [2, 2 * MESSAGE_OVERHEAD + 8], 'what the limit counts');
  assert.is(topic.lastId, 2, 'the ids given out');
});

test('bytes are bounded: payload, key, and what a message costs besides', () => {
  const { publish } = setUp({ maxLagBytes: 2 * (MESSAGE_OVERHEAD + 10) });
  assert.equal(
    [publish('12345678', 'ke'), publish('1234567890'), publish('')],
    ['queued', 'queued', 'SLOW'],
    'two of 10 bytes fit',
  );
});

test('a full buffer refuses with SLOW; what is refused leaves no trace', () => {
  const { buffer, limit, publish } = setUp({ maxLagMessages: 2 });
  assert.equal([publish(), publish(), publish()], ['queued', 'queued', 'SLOW'], 'two fit');
  assert.equal([buffer.lag, limit.messages], [2, 2], 'the refused one neither waits nor counts');
});

test('what is too old makes room before anybody is refused', () => {
  const { clock, buffer, limit, publish } = setUp({ retentionMs: 10, maxLagMessages: 2 });
  publish();
  clock.advance(6);
  publish();
  clock.advance(5);
  assert.is(publish(), 'queued', 'the first of the two is older than the retention');
  assert.equal([buffer.lag, limit.messages], [2, 2], 'the second and the third wait');
  clock.advance(11);
  assert.is(buffer.lag, 0, 'asked for its lag, it drops what is too old');
  assert.equal([limit.messages, limit.bytes], [0, 0], 'and gives back all that they held');
});

test('exactly as old as the retention is not too old', () => {
  const { clock, buffer, publish } = setUp({ retentionMs: 10 });
  publish();
  clock.advance(10);
  assert.is(buffer.lag, 1, 'it waits');
});

test('drop-oldest drops no more than it must, the oldest first', () => {
  const { buffer, limit, publish } = setUp({
    maxLagBytes: 4 * MESSAGE_OVERHEAD,
    overflow: 'drop-oldest',
  });
  const long = 'x'.repeat(MESSAGE_OVERHEAD);
  assert.equal([publish(''), publish(long), publish('')], ['queued', 'queued', 'queued'], 'they fit exactly');
  assert.is(publish(''), 'queued', 'a fourth message takes the place of the first');
  assert.equal([buffer.lag, limit.bytes], [3, 4 * MESSAGE_OVERHEAD], 'the long one still waits');
  assert.is(publish(long), 'queued', 'a long one needs more room than one short one gives');
  assert.equal([buffer.lag, limit.bytes], [3, 4 * MESSAGE_OVERHEAD], 'the old long one made room');
});

test('drop-oldest: a queue with nothing left to drop takes one message', () => {
  const { topic, limit, subscribe } = setUp({ maxLagMessages: 1, overflow: 'drop-oldest' });
  const [hoarder, starved] = [subscribe(), subscribe()];
  hoarder.push(append(topic));
  // Counted here, because code that does not end cannot be stopped by a test's deadline.
  const fits = limit.fits.bind(limit);
  let asked = 0;
  limit.fits = (size) => {
    asked += 1;
    if (asked > 10) throw new Error('it asks again and again whether the message fits: an endless loop');
    return fits(size);
  };
  assert.is(offer(starved, append(topic)), 'queued', 'the other queue has used up the limit');
  assert.is(starved.lag, 1, 'it takes one all the same');
  assert.is(offer(starved, append(topic)), 'queued', 'its own message makes room for the next');
  assert.equal([starved.lag, hoarder.lag], [1, 1], 'it took nothing from the other queue');
});

test('a message that was there when the subscription began is not queued', () => {
  const { topic, limit, subscribe } = setUp({ retentionMs: 1_000 });
  const message = append(topic);
  const [earliest, latest] = [subscribe({ start: 'earliest' }), subscribe({ start: 'latest' })];
  // A channel between publisher and subscribers brings it a moment later.
  for (const buffer of [earliest, latest]) buffer.push(message);
  assert.is(limit.messages, 0, 'it is in the topic, and counts for nobody');
  assert.equal([earliest.lag, latest.lag], [1, 0], 'it waits for who began at the earliest, once');
});

test('the lag counts what the topic has kept, from the start that was asked for', () => {
  const { clock, topic, subscribe } = setUp({ retentionMs: 1_000 });
  append(topic);
  clock.advance(1_001);
  for (let i = 0; i < 3; i += 1) append(topic);
  const lags = (['earliest', 'latest', { after: 0 }, { after: 3 }, { after: 4 }] as const).map(
    (start) => subscribe({ start }).lag,
  );
  assert.equal(lags, [3, 0, 3, 1, 0], 'earliest, latest, after 0, after 3, after 4; id 1 is too old');
  const ahead = code(() => subscribe({ start: { after: 5 } }));
  assert.is(ahead, 'OUT_OF_RANGE', 'after an id that was not given out yet');
});

test('buffers that share a limit share it, and give back what they held', () => {
  const { topic, limit, subscribe } = setUp({ maxLagMessages: 2 });
  const [one, two] = [subscribe(), subscribe()];
  const [first, second] = [append(topic), append(topic)];
  assert.equal(
    [offer(one, first), offer(two, first), offer(one, second)],
    ['queued', 'queued', 'SLOW'],
    'two fit in both together',
  );
  two.clear();
  assert.equal([limit.messages, two.lag], [1, 0], 'clear gives back');
  assert.is(offer(one, second), 'queued', 'there is room');
});

test('options out of range are refused with the value they had', () => {
  const { topic, limit } = setUp();
  for (const window of [-1, 1.5, 65_536, Number.NaN]) {
    assert.throws(
      () => new MessageBuffer(topic, { window }, limit),
      (error: Error) => error instanceof RangeError && error.message.includes(`not ${window}`),
      `a window of ${window}`,
    );
  }
  for (const after of [-1, 0.5]) {
    assert.is(
      code(() => new MessageBuffer(topic, { start: { after } }, limit)),
      'BAD_OPTION',
      `a start after ${after}`,
    );
  }
});

test.run();

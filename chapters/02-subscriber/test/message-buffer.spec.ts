import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isSkipped, MESSAGE_OVERHEAD } from '#topics';
import { append, drain, offer, setUp, word } from './support.ts';

test('a window lets exactly that many out', () => {
  for (const window of [1, 3]) {
    const { buffer, publish } = setUp({ window });
    for (let i = 0; i < 5; i += 1) publish();
    const out = drain(() => buffer.next());
    assert.equal(out, ['hares:1', 'hares:2', 'hares:3'].slice(0, window), `a window of ${window}`);
    assert.is(buffer.lag, 5, 'what is handed out and not committed still counts');
  }
});

test('news of losses comes through a closed window; messages do not', () => {
  const { clock, buffer, publish } = setUp({ retentionMs: 10, window: 1 });
  publish();
  assert.is(word(buffer.next()), 'hares:1', 'the window is closed by the first');
  publish();
  publish();
  clock.advance(11);
  publish();
  assert.is(word(buffer.peek()), 'hares lost 2-3', 'peek sees the loss through the closed window');
  assert.is(word(buffer.next()), 'hares lost 2-3', 'next tells it');
  assert.is(word(buffer.next()), 'nothing', 'the message behind it waits for a commit');
});

test('hands out what was pushed, in order, and holds the message itself, not a copy', () => {
  const { topic, buffer } = setUp();
  const messages = [append(topic, 'one'), append(topic, 'two')];
  for (const message of messages) buffer.push(message);
  assert.is(buffer.next(), messages[0], 'the first');
  assert.is(buffer.next(), messages[1], 'the second');
  assert.is(buffer.next(), undefined, 'nothing more');
});

test('peek shows what next hands out, as often as it is asked', () => {
  const { buffer, publish } = setUp();
  assert.is(buffer.peek(), undefined, 'nothing waits');
  publish();
  assert.equal([word(buffer.peek()), word(buffer.peek())], ['hares:1', 'hares:1'], 'asked twice');
  assert.is(buffer.lag, 1, 'looking takes nothing');
  assert.is(word(buffer.next()), 'hares:1', 'then it is handed out');
});

test('lag counts what waits; with window 0 what is handed out is done', () => {
  const { buffer, publish } = setUp();
  assert.is(buffer.lag, 0, 'at first');
  publish();
  publish();
  assert.is(buffer.lag, 2, 'two wait');
  buffer.next();
  assert.is(buffer.lag, 1, 'one waits');
  buffer.next();
  assert.is(buffer.lag, 0, 'none waits');
});

test('what is older than the retention is never handed out, and its ids are told', () => {
  const { clock, buffer, publish } = setUp({ retentionMs: 5_000 });
  publish();
  publish();
  clock.advance(4_000);
  publish();
  clock.advance(1_001);
  assert.is(buffer.lag, 1, 'only the young one waits');
  assert.equal(
    drain(() => buffer.next()),
    ['hares lost 1-2', 'hares:3'],
    'both losses, then the young one',
  );
});

test('exactly as old as the retention is not too old', () => {
  const { clock, buffer, publish } = setUp({ retentionMs: 5_000 });
  publish();
  clock.advance(5_000);
  assert.is(word(buffer.next()), 'hares:1', 'it is handed out');
});

test('retention 0 sets no age', () => {
  const { clock, buffer, publish } = setUp();
  publish();
  clock.advance(1e9);
  assert.is(word(buffer.next()), 'hares:1', 'it is handed out');
});

test('a loss is told once; the next loss is told by itself', () => {
  const { clock, buffer, publish } = setUp({ retentionMs: 10 });
  const take = () => drain(() => buffer.next());
  publish();
  clock.advance(11);
  assert.equal(take(), ['hares lost 1-1'], 'the first loss, with nothing behind it');
  publish();
  clock.advance(11);
  publish();
  assert.equal(take(), ['hares lost 2-2', 'hares:3'], 'the second loss');
});

test('a full buffer refuses with SLOW; what it refused is told as lost', () => {
  const { buffer, publish } = setUp({ maxLagMessages: 2 });
  assert.equal([publish(), publish(), publish()], ['queued', 'queued', 'SLOW'], 'two fit');
  assert.is(buffer.lag, 2, 'the refused one does not wait');
  buffer.next();
  assert.is(publish(), 'queued', 'there is room again');
  assert.equal(
    drain(() => buffer.next()),
    ['hares:2', 'hares lost 3-3', 'hares:4'],
    'who goes on with it is told what is missing',
  );
});

test('when nothing waits, one message fits however large', () => {
  const { buffer, publish } = setUp({ maxLagBytes: 10 });
  assert.equal([publish('much larger than ten bytes'), publish('x')], ['queued', 'SLOW'], 'the first fits');
  assert.is(word(buffer.next()), 'hares:1', 'it is handed out');
});

test('handing out makes room, and so does expiry', () => {
  const { clock, publish, buffer } = setUp({ retentionMs: 10, maxLagMessages: 1 });
  publish();
  buffer.next();
  assert.is(publish(), 'queued', 'after the first was handed out');
  clock.advance(11);
  assert.is(publish(), 'queued', 'after the second has expired');
  assert.equal(
    drain(() => buffer.next()),
    ['hares lost 2-2', 'hares:3'],
    'the loss, then the third',
  );
});

test('drop-oldest makes room by dropping, and tells what it dropped', () => {
  const { buffer, limit, publish } = setUp({ maxLagMessages: 2, overflow: 'drop-oldest' });
  for (let i = 0; i < 5; i += 1) assert.is(publish(), 'queued', `message ${i + 1}`);
  assert.equal([buffer.lag, limit.messages], [2, 2], 'two wait, and two are counted');
  assert.equal(
    drain(() => buffer.next()),
    ['hares lost 1-3', 'hares:4', 'hares:5'],
    'the loss, then the newest',
  );
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
  assert.is(offer(starved, append(topic)), 'queued', 'its own message makes room for the next');
  assert.equal(
    drain(() => starved.next()),
    ['hares lost 1-2', 'hares:3'],
    'it holds one message, never none',
  );
  assert.equal(
    drain(() => hoarder.next()),
    ['hares:1'],
    'it took nothing from the other queue',
  );
  assert.equal([limit.messages, limit.bytes], [0, 0], 'all was given back');
});

test('history is the topic’s memory: it takes no room, and is handed out first', () => {
  const { topic, limit, subscribe } = setUp({ retentionMs: 1_000, maxLagMessages: 1 });
  for (let i = 0; i < 3; i += 1) append(topic);
  const buffer = subscribe({ start: 'earliest' });
  assert.equal([buffer.lag, limit.messages], [3, 0], 'three wait, and none is counted');
  const pushed = [offer(buffer, append(topic)), offer(buffer, append(topic))];
  assert.equal(pushed, ['queued', 'SLOW'], 'one new message fits');
  assert.is(buffer.lag, 4, 'history and new ones');
  assert.equal(
    drain(() => buffer.next()),
    ['hares:1', 'hares:2', 'hares:3', 'hares:4'],
    'in the order of their ids',
  );
  assert.equal([limit.messages, limit.bytes], [0, 0], 'no more was given back than was taken');
});

test('history that the topic drops before it is read is told as lost', () => {
  const { topic, subscribe } = setUp({ retentionMs: 1_000, maxRetainedBytes: 2 * (MESSAGE_OVERHEAD + 4) });
  for (let i = 0; i < 2; i += 1) append(topic);
  const buffer = subscribe({ start: 'earliest' });
  buffer.push(append(topic));
  assert.is(buffer.lag, 2, 'one of the history, one new');
  assert.equal(
    drain(() => buffer.next()),
    ['hares lost 1-1', 'hares:2', 'hares:3'],
    'it has no memory of its own for what the topic dropped',
  );
});

test('what waits in the buffer is not lost because the topic has dropped it', () => {
  const { topic, subscribe } = setUp({ retentionMs: 1_000, maxRetainedBytes: MESSAGE_OVERHEAD + 4 });
  append(topic);
  const buffer = subscribe({ start: 'earliest' });
  for (let i = 0; i < 2; i += 1) buffer.push(append(topic));
  assert.equal(
    drain(() => buffer.next()),
    ['hares lost 1-1', 'hares:2', 'hares:3'],
    'the topic keeps only 3, but 2 waits here',
  );
});

test('history grows too old like everything else', () => {
  const { clock, topic, subscribe } = setUp({ retentionMs: 1_000 });
  append(topic);
  append(topic);
  const buffer = subscribe({ start: 'earliest' });
  assert.is(word(buffer.next()), 'hares:1', 'in time');
  clock.advance(1_001);
  assert.is(buffer.lag, 0, 'the second is too old');
  assert.equal(
    drain(() => buffer.next()),
    ['hares lost 2-2'],
    'and told',
  );
});

test('drop-oldest drops new messages, and leaves the history alone', () => {
  const { topic, subscribe } = setUp({ retentionMs: 1_000, maxLagMessages: 1, overflow: 'drop-oldest' });
  append(topic);
  const buffer = subscribe({ start: 'earliest' });
  for (let i = 0; i < 3; i += 1) buffer.push(append(topic));
  assert.equal(
    drain(() => buffer.next()),
    ['hares:1', 'hares lost 2-3', 'hares:4'],
    'the loss is told at its place',
  );
});

test('a message that was there when the subscription began does not come twice', () => {
  const { topic, subscribe } = setUp({ retentionMs: 1_000 });
  const message = append(topic);
  const [earliest, latest] = [subscribe({ start: 'earliest' }), subscribe({ start: 'latest' })];
  // A channel between publisher and subscribers brings it a moment later.
  for (const buffer of [earliest, latest]) buffer.push(message);
  assert.equal(
    drain(() => earliest.next()),
    ['hares:1'],
    'once for who wants the history',
  );
  assert.equal(
    drain(() => latest.next()),
    [],
    'not at all for who wants what comes next',
  );
});

test('buffers that share a limit share it, and give back what they held', () => {
  const { topic, limit, subscribe } = setUp({ maxLagMessages: 2 });
  const [one, two] = [subscribe(), subscribe()];
  const first = append(topic);
  const second = append(topic);
  assert.equal(
    [offer(one, first), offer(two, first), offer(one, second)],
    ['queued', 'queued', 'SLOW'],
    'two fit in both together',
  );
  two.clear();
  assert.is(limit.messages, 1, 'clear gives back');
  assert.is(offer(one, second), 'queued', 'there is room');
  drain(() => one.next());
  assert.equal([limit.messages, limit.bytes], [0, 0], 'nothing is counted');
});

test('a batch holds what fits, at least one message, and ends at a gap', () => {
  const { buffer, publish } = setUp({ maxLagMessages: 4, overflow: 'drop-oldest' });
  const take = (maxBytes: number) => {
    const batch = buffer.takeBatch(maxBytes, ({ payload }) => payload.length);
    if (batch === undefined || isSkipped(batch)) return word(batch);
    return batch.map((message) => message.id).join(' ');
  };
  for (let i = 0; i < 4; i += 1) publish('ten bytes!');
  assert.is(take(1), '1', 'one, however large');
  assert.is(take(20), '2 3', 'two fill it exactly');
  assert.is(take(1_000), '4', 'what is left');
  assert.is(take(1_000), 'nothing', 'when nothing waits');
  for (let i = 0; i < 6; i += 1) publish('ten bytes!');
  assert.is(take(1_000), 'hares lost 5-6', 'the news of a gap by itself');
  assert.is(take(1_000), '7 8 9 10', 'what is behind it');
});

test('a batch stops where the window closes', () => {
  const { buffer, publish } = setUp({ window: 2 });
  for (let i = 0; i < 4; i += 1) publish();
  const batch = buffer.takeBatch(1_000_000);
  assert.equal(Array.isArray(batch) && batch.map(({ id }) => id), [1, 2], 'two, and no more');
});

test.run();

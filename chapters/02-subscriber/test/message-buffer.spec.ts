import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Allowance, MESSAGE_OVERHEAD, MessageBuffer } from '#topics';
import { code, drain, message, setUp, word } from './support.ts';

test('hands out what was pushed, in order, and holds the message itself, not a copy', () => {
  const { topic, buffer } = setUp();
  const first = topic.append('', Buffer.from('one'));
  const second = topic.append('', Buffer.from('two'));
  assert.is(buffer.push(first), 'queued');
  assert.is(buffer.push(second), 'queued');
  assert.is(buffer.next(), first);
  assert.is(buffer.next(), second);
  assert.is(buffer.next(), undefined);
});

test('lag counts what waits; with window 0 what is handed out is done', () => {
  const { buffer, publish } = setUp();
  assert.is(buffer.lag, 0);
  publish('one');
  publish('two');
  assert.is(buffer.lag, 2);
  buffer.next();
  assert.is(buffer.lag, 1);
  buffer.next();
  assert.is(buffer.lag, 0);
});

test('with a window, lag counts what is handed out until it is committed', () => {
  const { buffer, publish } = setUp({ window: 2 });
  for (const text of ['one', 'two', 'three']) publish(text);
  buffer.next();
  assert.is(buffer.lag, 3);
  buffer.commit(1);
  assert.is(buffer.lag, 2);
});

test('window 1 is lock-step: nothing more before the commit', () => {
  const { buffer, publish } = setUp({ window: 1 });
  for (const text of ['one', 'two']) publish(text);
  assert.is(word(buffer.next()), 'hares:1');
  assert.is(buffer.next(), undefined);
  assert.is(buffer.commit(1), 1);
  assert.is(word(buffer.next()), 'hares:2');
  assert.is(buffer.next(), undefined);
});

test('a window lets exactly that many out', () => {
  const { buffer, publish } = setUp({ window: 3 });
  for (let i = 0; i < 10; i += 1) publish('text');
  assert.equal(
    drain(() => buffer.next()),
    ['hares:1', 'hares:2', 'hares:3'],
  );
  buffer.commit(2);
  assert.equal(
    drain(() => buffer.next()),
    ['hares:4', 'hares:5'],
  );
});

test('one commit settles all ids up to it; a repeated or lower commit does no harm', () => {
  const { buffer, publish } = setUp({ window: 5 });
  for (let i = 0; i < 5; i += 1) publish('text');
  drain(() => buffer.next());
  assert.is(buffer.commit(3), 3);
  assert.is(buffer.commit(3), 0);
  assert.is(buffer.commit(1), 0);
  assert.is(buffer.commit(0), 0);
  assert.is(buffer.lag, 2);
  assert.is(buffer.commit(5), 2);
  assert.is(buffer.lag, 0);
});

test('a commit beyond what was handed out is refused, and changes nothing', () => {
  const { buffer, publish } = setUp({ window: 2 });
  for (let i = 0; i < 3; i += 1) publish('text');
  assert.is(
    code(() => buffer.commit(1)),
    'BAD_COMMIT',
  );
  drain(() => buffer.next());
  assert.is(
    code(() => buffer.commit(3)),
    'BAD_COMMIT',
  );
  assert.is(buffer.lag, 3);
  assert.is(buffer.next(), undefined);
  assert.is(
    code(() => buffer.commit(2)),
    'no error',
  );
});

test('with window 0 a commit is checked too, and settles nothing', () => {
  const { buffer, publish } = setUp();
  publish('one');
  buffer.next();
  assert.is(buffer.commit(1), 0);
  assert.is(
    code(() => buffer.commit(2)),
    'BAD_COMMIT',
  );
});

test('what is older than the retention is never handed out, and its ids are told', () => {
  const { clock, buffer, publish } = setUp({ retentionMs: 5_000 });
  publish('old');
  publish('old');
  clock.advance(4_000);
  publish('young');
  clock.advance(1_001);
  assert.is(buffer.lag, 1);
  assert.equal(
    drain(() => buffer.next()),
    ['hares lost 1-2', 'hares:3'],
  );
});

test('exactly as old as the retention is not too old', () => {
  const { clock, buffer, publish } = setUp({ retentionMs: 5_000 });
  publish('one');
  clock.advance(5_000);
  assert.is(word(buffer.next()), 'hares:1');
});

test('retention 0 sets no age', () => {
  const { clock, buffer, publish } = setUp();
  publish('one');
  clock.advance(1e9);
  assert.is(word(buffer.next()), 'hares:1');
});

test('a loss is told once; the next loss is told by itself', () => {
  const { clock, buffer, publish } = setUp({ retentionMs: 10 });
  publish('one');
  clock.advance(11);
  assert.equal(
    drain(() => buffer.next()),
    ['hares lost 1-1'],
  );
  publish('two');
  clock.advance(11);
  publish('three');
  assert.equal(
    drain(() => buffer.next()),
    ['hares lost 2-2', 'hares:3'],
  );
});

test('a message that was handed out does not age any more: it waits for its commit', () => {
  const { clock, buffer, publish } = setUp({ retentionMs: 10, window: 1 });
  publish('one');
  buffer.next();
  clock.advance(1_000);
  assert.is(buffer.lag, 1);
  assert.is(buffer.next(), undefined);
  assert.is(buffer.commit(1), 1);
});

test('a second message with the same key is dropped, and not told as lost', () => {
  const { buffer, publish } = setUp({ dedupeMs: 1_000 });
  assert.equal(
    [publish('a', 'k'), publish('b', 'k'), publish('c', 'other')],
    ['queued', 'duplicate', 'queued'],
  );
  assert.is(buffer.lag, 2);
  assert.equal(
    drain(() => buffer.next()),
    ['hares:1', 'hares:3'],
  );
});

test('after the window the key may come again', () => {
  const { clock, publish } = setUp({ dedupeMs: 1_000 });
  publish('a', 'k');
  clock.advance(1_000);
  assert.is(publish('b', 'k'), 'duplicate');
  clock.advance(1);
  assert.is(publish('c', 'k'), 'queued');
});

test('a key counts although its message was handed out long ago', () => {
  const { buffer, publish } = setUp({ dedupeMs: 1_000 });
  publish('a', 'k');
  buffer.next();
  assert.is(publish('b', 'k'), 'duplicate');
});

test('messages without a key are never duplicates; without a window nothing is', () => {
  const keyless = setUp({ dedupeMs: 1_000 });
  assert.equal([keyless.publish('same'), keyless.publish('same')], ['queued', 'queued']);
  const off = setUp();
  assert.equal([off.publish('same', 'k'), off.publish('same', 'k')], ['queued', 'queued']);
});

test('keys are bounded: the oldest is forgotten', () => {
  const { publish } = setUp({ dedupeMs: 1_000, maxKeys: 2 });
  for (const key of ['a', 'b', 'c']) publish('text', key);
  assert.equal(
    ['b', 'c', 'a'].map((key) => publish('text', key)),
    ['duplicate', 'duplicate', 'queued'],
  );
});

test('a full buffer refuses; a message that was refused leaves no trace', () => {
  const { buffer, publish } = setUp({ dedupeMs: 1_000, maxMessages: 2 });
  assert.equal([publish('1', 'a'), publish('2', 'b'), publish('3', 'c')], ['queued', 'queued', 'full']);
  assert.is(buffer.lag, 2);
  buffer.next();
  assert.is(publish('3 again', 'c'), 'queued');
});

test('a duplicate is a duplicate even when the buffer is full', () => {
  const { publish } = setUp({ dedupeMs: 1_000, maxMessages: 1 });
  publish('1', 'a');
  assert.is(publish('1 again', 'a'), 'duplicate');
});

test('bytes are bounded: payload, key, and what a message costs besides', () => {
  const roomForTwo = 2 * (MESSAGE_OVERHEAD + 10);
  const { publish } = setUp({ maxBytes: roomForTwo });
  assert.equal([publish('12345678', 'ke'), publish('1234567890'), publish('')], ['queued', 'queued', 'full']);
});

test('an empty buffer takes one message however large', () => {
  const { buffer, publish } = setUp({ maxBytes: 10 });
  assert.is(publish('much larger than ten bytes'), 'queued');
  assert.is(publish('x'), 'full');
  assert.is(word(buffer.next()), 'hares:1');
});

test('handing out makes room, and so does expiry', () => {
  const { clock, publish, buffer } = setUp({ retentionMs: 10, maxMessages: 1 });
  publish('one');
  buffer.next();
  assert.is(publish('two'), 'queued');
  clock.advance(11);
  assert.is(publish('three'), 'queued');
  assert.equal(
    drain(() => buffer.next()),
    ['hares lost 2-2', 'hares:3'],
  );
});

test('drop-oldest makes room by dropping, and tells what it dropped', () => {
  const { buffer, publish } = setUp({ maxMessages: 2, overflow: 'drop-oldest' });
  for (let i = 0; i < 5; i += 1) assert.is(publish('text'), 'queued');
  assert.is(buffer.lag, 2);
  assert.equal(
    drain(() => buffer.next()),
    ['hares lost 1-3', 'hares:4', 'hares:5'],
  );
});

test('ready says whether next has something', () => {
  const { buffer, publish } = setUp({ window: 1 });
  assert.is(buffer.ready, false);
  publish('one');
  publish('two');
  assert.is(buffer.ready, true);
  buffer.next();
  assert.is(buffer.ready, false);
  buffer.commit(1);
  assert.is(buffer.ready, true);
});

test('history is replayed whatever the limit, and does not use it up', () => {
  const { topic, buffer, publish } = setUp({ retentionMs: 1_000, maxMessages: 1 });
  for (let i = 0; i < 3; i += 1) buffer.replay(topic.append('', Buffer.from('old')));
  assert.is(publish('new'), 'queued');
  assert.is(publish('too much'), 'full');
  assert.equal(
    drain(() => buffer.next()),
    ['hares:1', 'hares:2', 'hares:3', 'hares:4'],
  );
});

test('what is replayed is not given back to an allowance that it never took from', () => {
  const { clock, topic } = setUp({ retentionMs: 1_000 });
  const allowance = new Allowance({ maxMessages: 10 });
  const buffer = new MessageBuffer({ clock, topic, allowance });
  for (let i = 0; i < 3; i += 1) buffer.replay(topic.append('', Buffer.from('old')));
  for (let i = 0; i < 2; i += 1) buffer.push(topic.append('', Buffer.from('new')));
  const counts = Array.from({ length: 6 }, () => {
    const before = allowance.messages;
    buffer.next();
    return before;
  });
  assert.equal(counts, [2, 2, 2, 2, 1, 0]);
  assert.is(allowance.bytes, 0);
});

test('buffers that share an allowance share its limit, and give back what they held', () => {
  const { clock, topic } = setUp();
  const allowance = new Allowance({ maxMessages: 2 });
  const one = new MessageBuffer({ clock, topic, allowance });
  const two = new MessageBuffer({ clock, topic, allowance });
  assert.equal(
    [one.push(message(1)), two.push(message(1)), one.push(message(2))],
    ['queued', 'queued', 'full'],
  );
  two.clear();
  assert.is(allowance.messages, 1);
  assert.is(one.push(message(2)), 'queued');
  drain(() => one.next());
  assert.equal([allowance.messages, allowance.bytes], [0, 0]);
});

test('options out of range are refused with the value they had', () => {
  const { clock, topic } = setUp();
  for (const bad of [
    { window: -1 },
    { window: 1.5 },
    { window: 65_536 },
    { maxMessages: 0 },
    { maxBytes: Number.NaN },
    { maxKeys: 0 },
  ]) {
    const [name = '', value] = Object.entries(bad)[0] ?? [];
    assert.throws(
      () => new MessageBuffer({ clock, topic, ...bad }),
      (error: Error) =>
        error instanceof RangeError && error.message.includes(name) && error.message.includes(String(value)),
    );
  }
});

test.run();

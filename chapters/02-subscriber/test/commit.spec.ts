import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { code, drain, setUp, word } from './support.ts';

test('with a window, lag counts what is handed out until it is committed', () => {
  const { buffer, publish } = setUp({ window: 2 });
  for (let i = 0; i < 3; i += 1) publish();
  buffer.next();
  assert.is(buffer.lag, 3, 'two wait, one is not committed');
  buffer.commit(1);
  assert.is(buffer.lag, 2, 'two wait');
});

test('window 1 is lock-step: nothing more before the commit', () => {
  const { buffer, publish } = setUp({ window: 1 });
  for (let i = 0; i < 2; i += 1) publish();
  assert.is(word(buffer.next()), 'hares:1', 'the first');
  assert.is(buffer.next(), undefined, 'not committed yet');
  assert.is(buffer.commit(1), 1, 'the commit settles one');
  assert.is(word(buffer.next()), 'hares:2', 'the second');
  assert.is(buffer.next(), undefined, 'not committed yet');
});

test('a window lets exactly that many out', () => {
  const { buffer, publish } = setUp({ window: 3 });
  for (let i = 0; i < 10; i += 1) publish();
  const take = () => drain(() => buffer.next());
  assert.equal(take(), ['hares:1', 'hares:2', 'hares:3'], 'the first window');
  buffer.commit(2);
  assert.equal(take(), ['hares:4', 'hares:5'], 'as many as were settled');
});

test('one commit settles all ids up to it; a repeated or lower commit does no harm', () => {
  const { buffer, publish } = setUp({ window: 5 });
  for (let i = 0; i < 5; i += 1) publish();
  drain(() => buffer.next());
  assert.equal(
    [3, 3, 1, 0].map((id) => buffer.commit(id)),
    [3, 0, 0, 0],
    'how many each commit settles',
  );
  assert.is(buffer.lag, 2, 'two are left');
  assert.is(buffer.commit(5), 2, 'the last commit settles them');
  assert.is(buffer.lag, 0, 'none is left');
});

test('a commit settles ids, not a number of messages: ids have gaps', () => {
  const { clock, buffer, publish } = setUp({ window: 5, retentionMs: 10 });
  publish();
  buffer.next();
  publish();
  publish();
  clock.advance(11);
  publish();
  drain(() => buffer.next());
  assert.is(buffer.lag, 2, 'ids 1 and 4 are out, 2 and 3 were lost');
  assert.is(buffer.commit(3), 1, 'up to 3 there is only id 1');
  assert.is(buffer.commit(4), 1, 'then id 4');
});

test('a commit beyond what was handed out is refused, and changes nothing', () => {
  const { buffer, publish } = setUp({ window: 2 });
  for (let i = 0; i < 3; i += 1) publish();
  assert.is(
    code(() => buffer.commit(1)),
    'BAD_COMMIT',
    'before anything was handed out',
  );
  drain(() => buffer.next());
  assert.is(
    code(() => buffer.commit(3)),
    'BAD_COMMIT',
    'of a message that waits',
  );
  assert.is(buffer.lag, 3, 'nothing was settled');
  assert.is(buffer.next(), undefined, 'the window is still closed');
  assert.is(buffer.commit(2), 2, 'a right one settles both');
});

test('with window 0 a commit is checked too, and settles nothing', () => {
  const { buffer, publish } = setUp();
  publish();
  buffer.next();
  assert.is(buffer.commit(1), 0, 'nothing is uncommitted');
  assert.is(
    code(() => buffer.commit(2)),
    'BAD_COMMIT',
    'beyond the last id',
  );
});

test('losses are told before the window is counted', () => {
  const { clock, buffer, publish } = setUp({ retentionMs: 10, window: 1 });
  publish();
  assert.is(word(buffer.next()), 'hares:1', 'the window is closed by the first');
  publish();
  publish();
  clock.advance(11);
  publish();
  assert.is(word(buffer.next()), 'hares lost 2-3', 'the loss comes through the closed window');
  assert.is(buffer.next(), undefined, 'the message behind it does not');
  buffer.commit(1);
  assert.is(word(buffer.next()), 'hares:4', 'it comes after the commit');
});

test('a message that was handed out does not age any more: it waits for its commit', () => {
  const { clock, buffer, publish } = setUp({ retentionMs: 10, window: 1 });
  publish();
  buffer.next();
  clock.advance(1_000);
  assert.is(buffer.lag, 1, 'it still counts');
  assert.is(buffer.next(), undefined, 'and is not told as lost');
  assert.is(buffer.commit(1), 1, 'the commit settles it');
});

test.run();

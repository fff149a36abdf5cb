import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { History } from '../history.ts';

test('rates of five minutes, the oldest go', () => {
  const counters = { published: 0, bytesOut: 0 };
  const history = new History(() => counters, 0);
  assert.equal(
    history.tell(),
    { at: [], messages: [], bytes: [] },
    'there is something before the first sample',
  );
  for (let second = 1; second <= 400; second++) {
    counters.published += second;
    counters.bytesOut += 1000;
    history.sample(second * 1000);
  }
  const { at, messages, bytes } = history.tell();
  assert.is(at.length, 300, 'more, or less, than five minutes');
  assert.equal([at[0], at.at(-1)], [101_000, 400_000]);
  assert.equal([messages[0], messages.at(-1)], [101, 400]);
  assert.ok(
    bytes.every((rate) => rate === 1000),
    'bytes a second are wrong',
  );
});

test('a clock that is set back, or a counter that begins anew, makes no rate below zero', () => {
  const counters = { published: 100, bytesOut: 100 };
  const history = new History(() => counters, 10_000);
  history.sample(5_000);
  counters.published = 0;
  history.sample(6_000);
  assert.equal(history.tell(), { at: [6_000], messages: [0], bytes: [0] });
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { visible } from '../explain/visible-text.ts';

test('what one can see stays as it is', () => {
  for (const text of ['news', 'зайчик', '兎', '<img src=x onerror=alert(1)>', 'a.b-c_d/e', '🐇', 'é']) {
    assert.is(visible(text), text);
  }
});

test('what one cannot see is written out', () => {
  const cases: [string, string][] = [
    ['a\0b', 'a\\u{0}b'],
    ['a\nb\tc', 'a\\u{a}b\\u{9}c'],
    ['user\u202egnp.exe', 'user\\u{202e}gnp.exe'],
    ['a\u200bb\ufeffc\u2060', 'a\\u{200b}b\\u{feff}c\\u{2060}'],
    ['a\u2066b\u2069', 'a\\u{2066}b\\u{2069}'],
    ['a\u00a0b\u3000c', 'a\\u{a0}b\\u{3000}c'],
    ['\u001b[31mred', '\\u{1b}[31mred'],
    ['\ud800', '\\u{d800}'],
    ['x\u{e0041}', 'x\\u{e0041}'],
    ['a\u3164b', 'a\\u{3164}b'],
  ];
  for (const [text, shown] of cases) assert.is(visible(text), shown);
});

test('what is long is cut, and so are towers of marks', () => {
  assert.is(visible('a'.repeat(1000), 10), `${'a'.repeat(10)}…`);
  assert.is(visible(`z${'\u0301'.repeat(100)}y`), `z${'\u0301'.repeat(3)}…y`);
  assert.is([...visible('\0'.repeat(1_000_000), 20)].length, 21);
});

test.run();

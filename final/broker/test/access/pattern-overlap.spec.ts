/** Two patterns overlap when there is a topic that fits both: asked of every short name over a small alphabet. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { patternsOverlap } from '../../access/pattern-overlap.ts';
import { compilePattern } from '../../delivery/patterns.ts';

/** Names of up to five tokens: one more than the patterns have, for what ">" stands for, and a token that no pattern has. */
const NAMES = namesOf(5, ['a', 'b', '$', '_inbox', 'x']);

function namesOf(most: number, tokens: readonly string[]): string[] {
  let last = tokens.slice();
  const all = [...last];
  for (let i = 1; i < most; i++) {
    last = last.flatMap((name) => tokens.map((token) => `${name}.${token}`));
    all.push(...last);
  }
  return all;
}

const token = fc.constantFrom('a', 'b', '*', '*', '$', '_inbox');
const pattern = fc
  .tuple(fc.array(token, { minLength: 0, maxLength: 3 }), fc.constantFrom('a', '*', '>'))
  .map(([tokens, last]) => [...tokens, last].join('.'));

test('two patterns overlap exactly when some topic fits both', () => {
  const seen = { true: 0, false: 0 };
  fc.assert(
    fc.property(pattern, pattern, (a, b) => {
      const fitsA = compilePattern(a);
      const fitsB = compilePattern(b);
      const shared = NAMES.find((name) => fitsA(name) && fitsB(name));
      const expected = shared !== undefined;
      seen[`${expected}`]++;
      const why = expected ? `both fit ${shared}` : 'no topic fits both';
      assert.is(patternsOverlap(a, b), expected, `"${a}" and "${b}": ${why}`);
      assert.is(patternsOverlap(b, a), expected, `"${b}" and "${a}": ${why}`);
    }),
    { numRuns: 500 },
  );
  assert.ok(seen.true > 50 && seen.false > 50, `both answers were asked for: ${JSON.stringify(seen)}`);
});

for (const [a, b, overlap] of [
  ['a.b', 'a.b', true],
  ['a.b', 'a', false],
  ['a.>', 'a', false],
  ['a.>', 'a.*', true],
  ['*.b', 'a.*', true],
  ['*', '>', true],
  ['>', '_inbox.*', false],
  ['*.x', '_inbox.x', false],
  ['*', '_inbox', true],
  ['>', '$sys.status', false],
] as const) {
  test(`"${a}" and "${b}" ${overlap ? 'overlap' : 'do not overlap'}`, () => {
    assert.is(patternsOverlap(a, b), overlap, `"${a}" and "${b}"`);
    assert.is(patternsOverlap(b, a), overlap, `"${b}" and "${a}"`);
  });
}

test.run();

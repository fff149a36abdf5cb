import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PatternTrie } from '../../delivery/pattern-trie.ts';
import { compilePattern } from '../../delivery/patterns.ts';

const token = fc.constantFrom('a', 'b', 'ab', '$sys', '__proto__');
const names = fc.array(token, { minLength: 1, maxLength: 6 }).map((tokens) => tokens.join('.'));
const patterns = fc
  .tuple(fc.array(fc.oneof(token, fc.constant('*')), { maxLength: 5 }), fc.constantFrom('a', 'b', '*', '>'))
  .map(([tokens, last]) => [...tokens, last].join('.'));

test('it finds what looking at every pattern finds, while patterns come and go', () => {
  const commands = fc.array(fc.tuple(fc.constantFrom('add', 'add', 'delete'), patterns, fc.nat({ max: 3 })), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(commands, fc.array(names, { minLength: 1, maxLength: 10 }), (steps, topics) => {
      const trie = new PatternTrie<string>();
      const held = new Map<string, string>();
      for (const [what, pattern, owner] of steps) {
        const value = `${pattern} of ${owner}`;
        if (what === 'add') {
          trie.add(pattern, value);
          held.set(value, pattern);
        } else {
          trie.delete(pattern, value);
          held.delete(value);
        }
      }
      assert.is(trie.size, held.size, 'it has lost count');
      for (const topic of topics) {
        const fitting = [...held].filter(([, pattern]) => compilePattern(pattern)(topic));
        assert.equal(
          trie.match(topic).sort(),
          fitting.map(([value]) => value).sort(),
          `found for "${topic}"`,
        );
      }
      for (const [value, pattern] of held) trie.delete(pattern, value);
      assert.is(trie.size, 0, 'something stays when all are gone');
      assert.equal(trie.match('a'), [], 'something is found when all are gone');
    }),
    { numRuns: 2_000 },
  );
});

test('10,000 patterns that do not fit cost next to nothing', () => {
  const trie = new PatternTrie<number>();
  for (let i = 0; i < 10_000; i++) trie.add(`room.${i}.*.messages`, i);
  const began = performance.now();
  for (let i = 0; i < 10_000; i++) assert.equal(trie.match(`room.${i}.x.messages`), [i]);
  const took = performance.now() - began;
  assert.ok(
    took < 5_000,
    `10,000 topics against 10,000 patterns took ${took} ms: all patterns were looked at`,
  );
});

test.run();

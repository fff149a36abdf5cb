import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compilePattern } from '../../delivery/patterns.ts';

const patterns = suite('patterns');

const table: readonly [pattern: string, fits: readonly string[], others: readonly string[]][] = [
  ['a.b', ['a.b'], ['a', 'a.b.c', 'a.c', 'A.b']],
  ['a.*', ['a.b', 'a.*', 'a.'], ['a', 'a.b.c', 'b.a']],
  ['a.*.c', ['a.b.c', 'a.__proto__.c'], ['a.c', 'a.b.b.c', 'a.b']],
  ['a.>', ['a.b', 'a.b.c'], ['a', 'b.a']],
  ['*', ['a', '__proto__', 'constructor'], ['a.b', '$sys', '_inbox.x']],
  ['>', ['a', 'a.b.c'], ['$sys.status', '_inbox.x']],
  ['*.status', ['a.status'], ['$sys.status']],
  ['$sys.*', ['$sys.status'], ['a.status']],
  ['_inbox.>', ['_inbox.x'], ['a.x']],
];

for (const [pattern, fits, others] of table) {
  patterns(`"${pattern}" fits what it should and nothing else`, () => {
    const matches = compilePattern(pattern);
    for (const topic of fits) assert.ok(matches(topic), `"${pattern}" fits "${topic}"`);
    for (const topic of others) assert.not.ok(matches(topic), `"${pattern}" does not fit "${topic}"`);
  });
}

for (const bad of ['a.>.b', '>.a', 'a..b', '.a', 'a.', '*..>']) {
  patterns(`"${bad}" is no pattern`, () => {
    assert.throws(
      () => compilePattern(bad),
      (error: { code: string }) => error.code === 'BAD_TOPIC',
    );
  });
}

patterns.run();

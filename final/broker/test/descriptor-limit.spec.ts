import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { warnOfFewDescriptors } from '../descriptor-limit.ts';

const limits = (soft: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${soft}                 524288               files\n`;

for (const [what, text, maxConnections, isWarned] of [
  ['1,024 descriptors for 10,000 connections', limits('1024'), 10_000, true],
  ['as many descriptors as connections', limits('1024'), 1_024, true],
  ['enough descriptors', limits('1024'), 900, false],
  ['no limit', limits('unlimited'), 1_000_000, false],
  ['a system that does not tell', '', 1_000_000, false],
] as const) {
  test(`${what}: ${isWarned ? 'a' : 'no'} warning`, () => {
    const lines: string[] = [];
    warnOfFewDescriptors(maxConnections, { warn: (_facts, message) => void lines.push(message) }, text);
    assert.is(lines.length, isWarned ? 1 : 0);
    if (isWarned)
      assert.match(lines[0] ?? '', /ulimit -n.*maxConnections to 960/, 'it does not say what to do');
  });
}

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { usualMemoryBound } from '../../memory/usual-bound.ts';

const GiB = 1_073_741_824;

for (const [title, constrained, bound] of [
  ['a container with a limit', 2 * GiB, GiB / 2],
  ['a machine that tells of none', undefined, 4 * GiB],
  ['one that tells 0', 0, 4 * GiB],
  ['one that tells more than there is', 2 ** 63, 4 * GiB],
] as const) {
  test(`a quarter of the memory: ${title}`, () => {
    assert.is(usualMemoryBound(constrained, 16 * GiB), bound, 'the bound');
  });
}

test.run();

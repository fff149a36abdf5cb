import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RepeatedWarning } from '../repeated-warning.ts';

test('at once, then once in ten seconds, with the number of those left out', () => {
  const lines: object[] = [];
  let now = 5;
  const logger = { warn: (facts: object, message: string) => void lines.push({ ...facts, message }) };
  const warning = new RepeatedWarning(logger, 'beware', () => now);
  for (let i = 0; i < 1000; i++) warning.tell({ i });
  assert.equal(lines.splice(0), [{ i: 0, message: 'beware' }], 'a flood makes one line');
  now += 9_999;
  warning.tell({ i: 1000 });
  assert.is(lines.length, 0, 'within ten seconds it is silent');
  now += 1;
  warning.tell({ i: 1001 });
  assert.equal(
    lines.splice(0),
    [{ i: 1001, leftOut: 1000, message: 'beware' }],
    'those left out are counted',
  );
  now += 10_000;
  warning.tell({ i: 1002 });
  assert.equal(lines, [{ i: 1002, message: 'beware' }], 'the count begins anew');
});

test.run();

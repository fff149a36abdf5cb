import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isWelcomeOrigin } from '../../access/origin.ts';

const allowed = ['https://good.example'];

for (const [origin, host, welcome] of [
  [undefined, 'here:80', true],
  ['http://here:7411', 'here:7411', true],
  ['http://here:7411', 'HERE:7411', true],
  ['https://good.example', 'here:7411', true],
  ['http://here:7412', 'here:7411', false],
  ['https://good.example.evil', 'here:7411', false],
  ['http://good.example', 'here:7411', false],
  ['null', 'here:7411', false],
  ['', 'here:7411', false],
  ['http://here', undefined, false],
] as const) {
  test(`a page from ${origin} at ${host} is ${welcome ? '' : 'not '}welcome`, () => {
    assert.is(isWelcomeOrigin(origin, host, allowed), welcome);
  });
}

test.run();

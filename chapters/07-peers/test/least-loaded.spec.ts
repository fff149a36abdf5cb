import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { leastLoaded } from '#peers';

const test = suite('least-loaded choice');

const choose = (loads: number[], busy = 100) =>
  leastLoaded(
    loads.map((load, at) => ({ load, at })),
    busy,
  )?.at;

test('none of none', () => assert.is(choose([]), undefined));
test('the only one, however busy', () => assert.is(choose([1_000_000]), 0));
test('the first that is not busy, though a later one has less', () => assert.is(choose([99, 0, 50]), 0));
test('past those that are busy', () => assert.is(choose([100, 500, 99, 0]), 2));
test('the lightest when all are busy', () => assert.is(choose([300, 200, 100, 400]), 2));
test('the first of equally busy ones', () => assert.is(choose([200, 200, 200]), 0));

test.run();

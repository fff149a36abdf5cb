import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DedupeWindow } from '#topics';

test('a key repeats until the window is over, the last millisecond included', () => {
  const keys = new DedupeWindow(10);
  assert.is(keys.repeats('a', 100, 50), false);
  keys.remember('a', 100);
  assert.is(keys.repeats('a', 100, 50), true);
  assert.is(keys.repeats('a', 150, 50), true);
  assert.is(keys.repeats('b', 150, 50), false);
  assert.is(keys.repeats('a', 151, 50), false);
});

test('repeats do not make the window longer', () => {
  const keys = new DedupeWindow(10);
  keys.remember('a', 0);
  for (let time = 0; time <= 50; time += 10) assert.is(keys.repeats('a', time, 50), true);
  assert.is(keys.repeats('a', 51, 50), false);
});

test('what is older than the window is forgotten, and only that', () => {
  const keys = new DedupeWindow(10);
  for (const [key, time] of [
    ['a', 0],
    ['b', 10],
    ['c', 20],
  ] as const)
    keys.remember(key, time);
  keys.repeats('z', 65, 50);
  assert.is(keys.size, 1);
  assert.is(keys.repeats('c', 65, 50), true);
});

test('of too many keys the oldest is forgotten', () => {
  const keys = new DedupeWindow(3);
  for (const key of ['a', 'b', 'c', 'd']) keys.remember(key, 0);
  assert.is(keys.size, 3);
  assert.equal(
    ['a', 'b', 'c', 'd'].map((key) => keys.repeats(key, 0, 50)),
    [false, true, true, true],
  );
});

test('ten times as many keys as it may hold never make it larger', () => {
  const keys = new DedupeWindow(1_000);
  for (let i = 0; i < 10_000; i += 1) {
    const key = `key ${i}`;
    if (!keys.repeats(key, i, 60_000)) keys.remember(key, i);
    assert.ok(keys.size <= 1_000);
  }
  assert.is(keys.repeats('key 9000', 10_000, 60_000), true);
  assert.is(keys.repeats('key 8999', 10_000, 60_000), false);
});

test('keys are only text: __proto__ is one like any other', () => {
  const keys = new DedupeWindow(10);
  assert.is(keys.repeats('__proto__', 0, 50), false);
  assert.is(keys.repeats('constructor', 0, 50), false);
  keys.remember('__proto__', 0);
  assert.is(keys.repeats('__proto__', 0, 50), true);
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DedupeWindow } from '#topics';

test('a key is let through once in a window, the last millisecond included', () => {
  const keys = new DedupeWindow(50, 10);
  assert.is(keys.admit('a', 100), true, 'a new key');
  assert.is(keys.admit('a', 100), false, 'at once again');
  assert.is(keys.admit('a', 150), false, 'exactly a window later');
  assert.is(keys.admit('b', 150), true, 'another key');
  assert.is(keys.admit('a', 151), true, 'a millisecond after the window');
});

test('repeats do not make the window longer', () => {
  const keys = new DedupeWindow(50, 10);
  keys.admit('a', 0);
  for (let time = 0; time <= 50; time += 10)
    assert.is(keys.admit('a', time), false, `a repeat at ${time} ms`);
  assert.is(keys.admit('a', 51), true, 'the window began with the one that was let through');
});

test('a message without a key is never a repeat, and without a window nothing is', () => {
  const keys = new DedupeWindow(50, 10);
  assert.equal([keys.admit('', 0), keys.admit('', 0)], [true, true], 'two messages without a key');
  const off = new DedupeWindow(0, 10);
  assert.equal([off.admit('a', 0), off.admit('a', 0)], [true, true], 'a key twice, without a window');
  assert.equal([keys.size, off.size], [0, 0], 'nothing is remembered for them');
});

test('what is older than the window is forgotten, and only that', () => {
  const keys = new DedupeWindow(50, 10);
  for (const [key, time] of [
    ['a', 0],
    ['b', 10],
    ['c', 20],
  ] as const)
    keys.admit(key, time);
  keys.admit('z', 65);
  assert.is(keys.size, 2, 'a and b are forgotten, c and z are not');
  assert.is(keys.admit('c', 65), false, 'c still counts');
});

test('of too many keys the oldest is forgotten', () => {
  const keys = new DedupeWindow(50, 3);
  for (const key of ['a', 'b', 'c', 'd']) keys.admit(key, 0);
  assert.is(keys.size, 3, 'no more than it may remember');
  assert.equal(
    ['b', 'c', 'd', 'a'].map((key) => keys.admit(key, 0)),
    [false, false, false, true],
    'b, c and d repeat, a is new again',
  );
});

test('ten times as many keys as it may hold never make it larger', () => {
  const keys = new DedupeWindow(60_000, 1_000);
  for (let i = 0; i < 10_000; i += 1) {
    keys.admit(`key ${i}`, i);
    assert.ok(keys.size <= 1_000, `${keys.size} keys after ${i + 1}`);
  }
  assert.is(keys.admit('key 9000', 10_000), false, 'the oldest that is remembered');
  assert.is(keys.admit('key 8999', 10_000), true, 'the one before it was forgotten');
});

test('its length is that of the keys it remembers', () => {
  const keys = new DedupeWindow(50, 2);
  for (const [time, key] of ['four', 'four', 'three', 'eleven'].entries()) keys.admit(key, time);
  assert.equal([keys.size, keys.length], [2, 11], 'three and eleven');
  keys.forgetOldest();
  assert.equal([keys.size, keys.length], [1, 6], 'eleven');
  keys.expire(53);
  assert.equal([keys.size, keys.length], [1, 6], 'exactly a window later it is still remembered');
  keys.expire(54);
  keys.forgetOldest();
  assert.equal([keys.size, keys.length], [0, 0], 'then nothing is, and there is nothing to forget');
});

test('keys are only text: __proto__ is one like any other', () => {
  const keys = new DedupeWindow(50, 10);
  assert.is(keys.admit('__proto__', 0), true, 'it is new');
  assert.is(keys.admit('constructor', 0), true, 'another one is new');
  assert.is(keys.admit('__proto__', 0), false, 'it repeats');
});

test.run();

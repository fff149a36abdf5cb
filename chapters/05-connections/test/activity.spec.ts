import * as assert from 'node:assert';
import { test } from 'uvu';
import { Activity, Deadline, type Sight } from '#connections';

const still: Sight = { bytesIn: 0, bytesSent: 0, drained: true, paused: false };
const timeouts = { idleTimeoutMs: 1_000, writeTimeoutMs: 100 };

test('nothing fires before its time', () => {
  const activity = new Activity(0);
  assert.strictEqual(activity.look(999, still, timeouts), undefined);
  assert.strictEqual(activity.look(1_000, still, timeouts), 'idle');
});

test('what comes in and what leaves puts idleness off', () => {
  const activity = new Activity(0);
  assert.strictEqual(activity.look(900, { ...still, bytesIn: 1 }, timeouts), undefined);
  assert.strictEqual(activity.look(1_800, { ...still, bytesIn: 1, bytesSent: 1 }, timeouts), undefined);
  assert.strictEqual(activity.look(2_799, { ...still, bytesIn: 1, bytesSent: 1 }, timeouts), undefined);
  assert.strictEqual(activity.heardAt, 900, 'what we send is no sign of the peer');
  assert.strictEqual(activity.look(2_800, { ...still, bytesIn: 1, bytesSent: 1 }, timeouts), 'idle');
});

test('a peer that we do not read is not idle, nor silent', () => {
  const activity = new Activity(0);
  assert.strictEqual(activity.look(5_000, { ...still, paused: true }, timeouts), undefined);
  assert.strictEqual(activity.heardAt, 5_000, 'while it is not read its silence is ours');
  assert.strictEqual(activity.look(6_000, still, timeouts), 'idle');
});

test('a peer that takes nothing of what waits is found; one that takes a little is not', () => {
  const waits = { ...still, drained: false };
  const activity = new Activity(0);
  assert.strictEqual(activity.look(50, still, timeouts), undefined);
  assert.strictEqual(activity.look(149, waits, timeouts), undefined);
  assert.strictEqual(activity.look(149, { ...waits, bytesSent: 1 }, timeouts), undefined);
  assert.strictEqual(activity.look(248, { ...waits, bytesSent: 1, bytesIn: 9 }, timeouts), undefined);
  assert.strictEqual(activity.look(249, { ...waits, bytesSent: 1, bytesIn: 99 }, timeouts), 'write-timeout');
});

test('timeouts of 0 never fire', () => {
  const activity = new Activity(0);
  const never = { idleTimeoutMs: 0, writeTimeoutMs: 0 };
  assert.strictEqual(activity.look(1e9, { ...still, drained: false }, never), undefined);
});

test('a deadline runs from its first start, and rests when it is stopped', () => {
  const deadline = new Deadline();
  assert.strictEqual(deadline.passed(1e9, 1), false, 'it was never started');
  deadline.start(0);
  deadline.start(50);
  assert.strictEqual(deadline.passed(99, 100), false);
  assert.strictEqual(deadline.passed(100, 100), true, 'a second start has put it off');
  assert.strictEqual(deadline.passed(1e9, 0), false, '0 never fires');
  deadline.restart(80);
  assert.strictEqual(deadline.passed(179, 100), false);
  deadline.stop();
  assert.strictEqual(deadline.passed(1e9, 1), false, 'it was stopped');
});

test.run();

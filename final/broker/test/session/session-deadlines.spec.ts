import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SessionDeadlines } from '../../session/session-deadlines.ts';

const timeouts = { helloTimeoutMs: 100, frameTimeoutMs: 50, idleMs: 1_000 };

function begin(now = 0): SessionDeadlines {
  const deadlines = new SessionDeadlines(now);
  deadlines.welcomed();
  deadlines.check(now, true, timeouts);
  return deadlines;
}

test('HELLO: overdue whether the client is read from or not, and never after it has come', () => {
  const deadlines = new SessionDeadlines(5);
  assert.is(deadlines.check(104, true, timeouts), undefined);
  assert.is(deadlines.check(105, true, timeouts), 'hello');
  assert.is(deadlines.check(105, false, timeouts), 'hello');
  deadlines.welcomed();
  assert.is(deadlines.check(500, true, timeouts), undefined);
});

test('before HELLO nobody is sent a PING', () => {
  const deadlines = new SessionDeadlines(0);
  const patient = { ...timeouts, helloTimeoutMs: 100_000 };
  deadlines.check(0, true, patient);
  assert.is(deadlines.check(5_000, true, patient), undefined);
});

test('a frame has its time from its first byte, however it drips; the next one begins anew', () => {
  const deadlines = begin();
  for (const now of [10, 20, 30, 40, 50]) {
    deadlines.heard();
    deadlines.frameBegun(now);
    assert.is(deadlines.check(now, true, timeouts), undefined, `at ${now}`);
  }
  assert.is(deadlines.check(60, true, timeouts), 'frame');
  deadlines.frameEnded();
  deadlines.frameBegun(60);
  assert.is(deadlines.check(109, true, timeouts), undefined);
  assert.is(deadlines.check(110, true, timeouts), 'frame');
});

test('while the client is not read from, no frame is overdue, and its time begins anew afterwards', () => {
  const deadlines = begin();
  deadlines.frameBegun(0);
  assert.is(deadlines.check(5_000, false, timeouts), undefined);
  deadlines.resumed(5_000, true);
  assert.is(deadlines.check(5_049, true, timeouts), undefined);
  assert.is(deadlines.check(5_050, true, timeouts), 'frame');
});

test('silence: two PINGs, then the end; a sign of life begins anew', () => {
  const deadlines = begin();
  assert.is(deadlines.check(999, true, timeouts), undefined);
  assert.is(deadlines.check(1_000, true, timeouts), 'ping');
  assert.is(deadlines.check(1_999, true, timeouts), undefined);
  assert.is(deadlines.check(2_000, true, timeouts), 'ping');
  deadlines.heard();
  assert.is(deadlines.check(3_000, true, timeouts), undefined);
  assert.equal(
    [4_000, 5_000, 6_000].map((now) => deadlines.check(now, true, timeouts)),
    ['ping', 'ping', 'silence'],
  );
});

test('idleMs 0: silence is never too long', () => {
  const deadlines = begin();
  assert.is(deadlines.check(1e9, true, { ...timeouts, idleMs: 0 }), undefined);
});

test.run();

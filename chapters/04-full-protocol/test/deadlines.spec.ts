import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Deadlines } from '#protocol/old';

const limits = { helloTimeoutMs: 100, frameTimeoutMs: 50, idleMs: 1_000 };
const deadlines = suite('Deadlines');

deadlines('HELLO must come in time, whatever else comes', () => {
  const times = new Deadlines(limits, 0);
  times.heard(90, true, false);
  assert.is(times.check(99, false), undefined);
  assert.is(times.check(100, false), 'hello');
});

deadlines('a drip cannot push back the deadline of its frame', () => {
  const times = new Deadlines(limits, 0);
  for (let now = 1; now < 50; now += 4) {
    times.heard(now, true, false);
    assert.is(times.check(now, true), undefined);
  }
  assert.is(times.check(50, true), undefined);
  assert.is(times.check(51, true), 'frame');
});

deadlines('the next frame has a deadline of its own', () => {
  const times = new Deadlines(limits, 0);
  times.heard(0, true, false);
  times.heard(40, true, true);
  assert.is(times.check(89, true), undefined);
  assert.is(times.check(90, true), 'frame');
  times.heard(91, false, true);
  assert.is(times.check(500, true), undefined);
});

deadlines('silence: a ping, a ping, the end; any byte begins anew', () => {
  const times = new Deadlines(limits, 0);
  assert.is(times.check(999, true), undefined);
  assert.is(times.check(1_000, true), 'ping');
  assert.is(times.check(1_999, true), undefined);
  assert.is(times.check(2_000, true), 'ping');
  assert.is(times.check(3_000, true), 'silence');
  times.heard(3_001, false, true);
  assert.is(times.check(4_000, true), undefined);
  assert.is(times.check(4_001, true), 'ping');
});

deadlines('while we do not read, nothing falls due', () => {
  const times = new Deadlines(limits, 0);
  times.heard(0, true, false);
  times.pause();
  assert.is(times.check(10_000, true), undefined);
  times.resume(10_000);
  assert.is(times.check(10_049, true), undefined);
  assert.is(times.check(10_050, true), 'frame');
});

deadlines.run();

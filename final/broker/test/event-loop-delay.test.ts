import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../../chapters/01-framed-echo/test/raw-socket.ts';
import { EventLoopDelay } from '../event-loop-delay.ts';

test('it shows how late the event loop is', { timeout: 20_000 }, async (t) => {
  const delay = new EventLoopDelay();
  t.after(() => delay.close());
  assert.deepEqual(delay.read(), { mean: 0, p50: 0, p99: 0, max: 0 });
  // Whoever computes for long makes everybody wait: this is what the figure is for.
  await until(
    () => {
      const end = performance.now() + 50;
      while (performance.now() < end);
      return delay.read().max > 10;
    },
    { what: 'a delay of more than 10 ms is seen' },
  );
});

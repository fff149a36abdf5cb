import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBroker } from './support.ts';

const EXPECTED = {
  publish: ['id 2', 'ids 3 and undefined', 'all published', 'closed'],
  subscribe: [
    'news 1: one',
    'news 2: two',
    'news 3: three',
    'weather.oslo snow',
    'sum 500500',
    'done: paint the fence',
  ],
  topics: ['ids 3 to 3, 0 readers'],
  request: ['42', 'HANDLER_FAILED: the responder failed: cheese is no number'],
};

for (const [name, expected] of Object.entries(EXPECTED)) {
  test(`the example ${name}`, { timeout: 20_000 }, async (t) => {
    const broker = await startBroker(t);
    const { main } = await import(`../examples/${name}.ts`);
    const lines: string[] = [];
    await main(`leveret://127.0.0.1:${broker.port}`, (line: string) => lines.push(line));
    assert.deepEqual(lines, expected);
  });
}

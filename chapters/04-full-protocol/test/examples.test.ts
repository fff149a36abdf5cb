/** The examples say what their files promise, twice against one broker. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBroker } from '#protocol/broker';
import type { Example } from '../../../scripts/stage-types.ts';
import { closing } from './leftovers.ts';

/** Examples whose topics can be used once, or whose figures depend on what was there before. */
const ONCE = ['lag', 'raw-bytes'];

const promised: Readonly<Record<string, readonly string[]>> = {
  echo: ['echo: hears     "only me"'],
  'two-clients': ['bob: hears "good night"', 'alice: hears "10 letters"'],
  retention: [
    'late: hears "three"',
    'back: has ids 1 and 2 already, and hears "three"',
    'too late: is told what is gone for good: ids 1 to 3',
  ],
  dedupe: ['kitchen: hears soup', 'kitchen: hears cake', 'kitchen: hears music'],
  lag: ['slow: lag 10: both topics together', 'slow: commits 5 of examples/lag/b: lag 0'],
  'raw-bytes': [
    'client: 0000001c0300000002046e657773000200000000000268690001000000016b78',
    'broker: PUBLISHED request=2 firstId=1 count=2',
    'broker: MESSAGES topic="news" firstId=2 records=1',
    'broker: CLOSING reason="goodbye"',
  ],
  'batch-commit': [
    'reader: window 1: 1000 messages, 1000 commits, … ms',
    'reader: window 100: 1000 messages, 10 commits, … ms',
  ],
};

for (const [name, lines] of Object.entries(promised)) {
  test(`example ${name}`, { timeout: 20_000 }, async () => {
    const { example } = (await import(`../examples/${name}.ts`)) as { example: Example };
    const broker = closing(await startBroker());
    const told: string[][] = [[], []];
    for (const lines of ONCE.includes(name) ? told.slice(0, 1) : told) {
      await example.run(broker, {
        heading: () => {},
        note: () => {},
        volatile: () => '…',
        line: (who, line) => lines.push(`${who}: ${line}`),
      });
    }
    for (const line of lines)
      assert.ok(told[0]?.includes(line), `${line} is missing in\n${told[0]?.join('\n')}`);
    if (!ONCE.includes(name)) assert.deepEqual(told[1], told[0]);
    await broker.close();
  });
}

/** docs/protocol.md and this broker have the same limits, and the page says each number once. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LIMITS } from '../limits.ts';

const text = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
const limits = Object.entries(LIMITS);

/** Limits that depend on the machine. */
const OF_THE_MACHINE = new Map([
  ['maxTotalRetainedBytes', 'a quarter of the memory'],
  ['maxTotalBufferedBytes', 'a sixteenth of the memory'],
]);

test('the table has every limit with its default, and none that there is not', () => {
  const [, table = ''] = text.split('<!-- limits -->');
  const rows = new Map(
    [...table.matchAll(/^\|[^|]*\| `(\w+)` \|[^|]*\|[^|]*\| ([^|]*) \|/gm)].map(([, name, value]) => [
      name,
      value,
    ]),
  );
  for (const [name, { default: value }] of limits) {
    const shown = OF_THE_MACHINE.get(name) ?? String(value);
    assert.is(rows.get(name)?.replaceAll(',', ''), shown, `${name} in the column of final`);
  }
  assert.equal([...rows.keys()].sort(), limits.map(([name]) => name).sort(), 'the names in the table');
});

/** How people would write this default in a sentence: `10 s`, `64 MiB`, `10,000`, `128 bytes`. */
function inWords(name: string, value: number): string[] {
  const words = value >= 1_000 ? [value.toLocaleString('en-US')] : [];
  if (name.endsWith('Ms')) words.push(`${value} ms`, `${value / 1_000} s`, `${value / 1_000} seconds`);
  else if (/Bytes|Size|FrameLimit/.test(name)) words.push(`${value} bytes`, `${value / 1_048_576} MiB`);
  return words;
}

test('its sentences name limits, and leave the numbers to the table', () => {
  const fenced = text.replaceAll(/^```.*?^```$/gms, '');
  const prose = fenced.split('\n').filter((line) => !line.startsWith('|'));
  for (const [name, { default: value }] of limits) {
    // The length field of a name bounds it, whatever a broker is told.
    if (name === 'maxTopicBytes') continue;
    for (const words of inWords(name, value)) {
      const line = prose.find((each) => new RegExp(`(?<![\\d,.])${words}(?![\\d,])`).test(each));
      assert.is(line, undefined, `${words} is a default: say ${name} in its place`);
    }
  }
});

test('every option that its sentences name is a limit', () => {
  const names = new Set(limits.map(([name]) => name));
  for (const [, name = ''] of text.matchAll(/`((?:max|hello|frame|idle|close|drain|topic)[A-Z]\w*)`/g)) {
    assert.ok(names.has(name as keyof typeof LIMITS), `${name} is no limit`);
  }
});

test.run();

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const tokens = readFileSync(new URL('../page/styles/tokens.css', import.meta.url), 'utf8');

/** The custom properties that one rule sets. */
function propertiesOf(selector: string): Map<string, string> {
  const start = tokens.indexOf(`${selector} {`);
  assert.ok(start >= 0, selector);
  const block = tokens.slice(start, tokens.indexOf('}', start));
  return new Map(
    [...block.matchAll(/--([\w-]+): ([^;]+);/g)].map(([, name = '', value = '']) => [name, value]),
  );
}

test('dark is the same for those whose system is dark and those who chose it', () => {
  const system = propertiesOf(':root:not([data-theme="light"])');
  assert.ok(system.size > 20, `${system.size} properties were found`);
  assert.equal([...propertiesOf(':root[data-theme="dark"]')], [...system]);
});

test('each colour is given for dark too', () => {
  const dark = propertiesOf(':root[data-theme="dark"]');
  const colours = [...propertiesOf(':root')].filter(([, value]) => value.startsWith('#'));
  assert.equal(
    colours.map(([name]) => name).filter((name) => !dark.has(name)),
    [],
  );
});

test.run();

import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LIMIT_NAMES } from '../config/settings.ts';
import { EXAMPLES } from '../examples.ts';
import { createProgram } from '../program.ts';

const docs = suite('docs/command-line.md');
const text = readFileSync(new URL('../../../docs/command-line.md', import.meta.url), 'utf8');
const { commands } = createProgram();

docs('its examples are those that are run', () => {
  const examples = [...EXAMPLES.values()].flat().flatMap(({ says, run }) => [`# ${says}`, run]);
  const shown = [...text.matchAll(/^```bash\n(.*?)^```$/gms)].flatMap(([, lines = '']) =>
    lines.trim().split('\n'),
  );
  assert.equal(shown, examples);
});

docs('it names every command, option and limit', () => {
  for (const command of commands) {
    assert.ok(text.includes(`\n## leveret ${command.name()}\n`), command.name());
    const section = text.split(`\n## leveret ${command.name()}\n`)[1]?.split('\n## ')[0] ?? '';
    const shared = text.split('\n## What all commands share\n')[1]?.split('\n## ')[0] ?? '';
    const options = [command, ...command.commands].flatMap((each) => each.options);
    for (const below of command.commands)
      assert.ok(section.includes(`leveret ${command.name()} ${below.name()} `), below.name());
    for (const { long, helpGroupHeading } of options) {
      // They follow from the names of the limits, which are all there.
      if (helpGroupHeading === 'Limits:') continue;
      assert.ok(
        section.includes(`${long} `) || section.includes(`${long}\``) || shared.includes(`${long}\``),
        `${command.name()} ${long}`,
      );
    }
  }
  for (const name of LIMIT_NAMES) assert.ok(text.includes(`\`${name}\``), name);
});

docs.run();

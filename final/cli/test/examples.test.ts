// deadline: 240 s
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { brokerFor } from '../../broker/test/start.ts';
import { connect } from '../../client/index.ts';
import { EXAMPLES, type Example } from '../examples.ts';
import { createProgram } from '../program.ts';
import { CLI, folderFor, runCli, start } from './run-cli.ts';

const program = createProgram();

test('every command has examples, and its help shows them', { timeout: 60_000 }, async (t) => {
  for (const command of program.commands) {
    const name = command.name();
    const { code, stdout } = await runCli(t, [name, '--help']);
    assert.equal(code, 0);
    const examples = EXAMPLES.get(name);
    assert.ok(examples !== undefined && examples.length > 0, name);
    for (const { run, says } of examples)
      assert.ok(stdout.includes(`  # ${says}\n  ${run}\n`), `${name}: ${run}`);
  }
});

test('every example runs', { timeout: 110_000 }, async (t) => {
  const { port } = await brokerFor(t);
  const url = `leveret://127.0.0.1:${port}`;
  const client = await connect(url);
  t.after(() => client.close({ deadline: 0 }));
  await client.respond('time', () => 'now');
  await client.respond('shout', (request) => request.text().toUpperCase());
  await client.createTopic('numbers', { retentionMs: 3_600_000 });
  for (let index = 1; index <= 50; index++) client.publish('numbers', String(index));
  await client.flush();
  const folder = folderFor(t);
  const bin = join(folder, 'leveret');
  writeFileSync(
    bin,
    `#!/bin/sh\nexec ${[process.execPath, ...CLI].map((word) => `'${word}'`).join(' ')} "$@"\n`,
  );
  chmodSync(bin, 0o755);
  writeFileSync(join(folder, 'package.json'), readFileSync('package.json'));
  const env = { LEVERET_URL: url, PATH: `${folder}:${process.env.PATH}` };
  const runExample = async ({ run, staysUpAfter }: Example): Promise<void> => {
    // Ports that others may have: any free one does.
    const command = run
      .replace('--http 8890', '--http 0')
      .replace(/leveret serve(?!.* --port)/, 'leveret serve --port 0');
    const example = start(t, 'sh', ['-c', staysUpAfter === undefined ? command : `exec env ${command}`], {
      env,
      cwd: folder,
      open: staysUpAfter !== undefined,
    });
    if (staysUpAfter !== undefined) {
      await example.printed(staysUpAfter);
      example.kill('SIGINT');
    }
    const { code, stderr } = await example.ended;
    assert.equal(code, 0, `${run}\n${stderr}`);
  };
  for (const examples of EXAMPLES.values()) for (const example of examples) await runExample(example);
});

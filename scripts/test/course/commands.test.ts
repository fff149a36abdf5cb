// deadline: 240 s
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Checkout, makeCheckout } from './checkout.ts';

let checkout: Checkout;
before(() => {
  checkout = makeCheckout();
  // Whatever the lesson's steps check: here one step checks this one file.
  const lesson = join(checkout.root, 'chapters/02-subscriber/README.md');
  const text = readFileSync(lesson, 'utf8').replace(/<!-- check: .*? -->/g, '');
  writeFileSync(lesson, text.replace(/^### 2\.3 .*$/m, '$&\n\n<!-- check: dedupe-window.spec.ts -->'));
});
after(() => checkout.remove());

/** Runs a command of the course in the checkout; resolves with its exit code and all that it printed. */
async function run(command: string, ...args: string[]): Promise<{ code: number; text: string }> {
  const { NODE_OPTIONS: _options, FORCE_COLOR: _colour, ...env } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', `scripts/${command}.ts`, ...args], {
    cwd: checkout.root,
    env: { ...env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (value) => resolve(value ?? 1));
  });
  return { code, text };
}

const mine = (file: string): string => join(checkout.root, 'my/02-subscriber', file);

/** Puts the reference's text into the reader's file, changed. */
function write(file: string, change: (text: string) => string): void {
  const text = readFileSync(join(checkout.root, 'chapters/02-subscriber', file), 'utf8');
  const changed = change(text);
  writeFileSync(mine(file), changed);
}

test('a reader begins, is told what is missing, writes it, and starts over', async () => {
  const none = await run('check', '2');
  assert.equal(none.code, 1, 'a check without code fails');
  assert.match(none.text, /There is no code of yours in my\/02-subscriber\. Begin with: npm run begin 2/);

  const begun = await run('begin', '2');
  assert.equal(begun.code, 0, begun.text);
  assert.match(readFileSync(mine('dedupe-window.ts'), 'utf8'), /step 2\.3 is not written yet/);

  const red = await run('check', '2', '--step', '2.3');
  assert.equal(red.code, 1, 'a starter is not done');
  assert.match(red.text, /your code in my\/02-subscriber, standing on the reference's chapter 1/);
  assert.match(red.text, /2\.3 .*\n\n\s+not written yet: look for "2\.3" in my\/02-subscriber/);

  const stage = await run('chapter', '2', '--my', '--once');
  assert.equal(stage.code, 1, 'the stage does not begin');
  assert.match(stage.text, /Not yet: steps 2\.1, .* are not written\. See npm run check 2/);

  write('queue.ts', (text) => text);
  write('dedupe-window.ts', (text) => text);
  const green = await run('check', '2', '--step', '2.3');
  assert.equal(green.code, 0, green.text);
  assert.match(green.text, /✓ 2\.3/, 'the step is done');

  const again = await run('begin', '2');
  assert.match(again.text, /You have begun already/, 'what is written is not overwritten');
  const reset = await run('reset', '2');
  assert.match(reset.text, /Your code is in my\/aside\/02-subscriber-1 now/, reset.text);
  assert.match(readFileSync(mine('dedupe-window.ts'), 'utf8'), /step 2\.3 is not written yet/, 'the starter');
  assert.ok(
    existsSync(join(checkout.root, 'my/aside/02-subscriber-1/dedupe-window.ts')),
    'the old work is kept',
  );
});

test('a wrong solution is told by its test, its values and its place', async () => {
  await run('begin', '2');
  write('queue.ts', (text) => text);
  write('dedupe-window.ts', (text) => text.replace('this.#admitted.push({ key, time });', ''));
  const wrong = await run('check', '2', '--step', '2.3');
  assert.equal(wrong.code, 1, 'it is refused');
  assert.match(wrong.text, /expected .*\n\s+came /, wrong.text);
  assert.match(wrong.text, /lesson: chapters\/02-subscriber\/README\.md#23-/, 'it says where to read');
  write('dedupe-window.ts', (text) => text.replace('this.#keys.add(key);', 'JSON.parse("{");'));
  const thrown = await run('check', '2', '--step', '2.3');
  assert.match(thrown.text, /your code threw/, thrown.text);
  assert.match(
    thrown.text,
    /at my\/02-subscriber\/dedupe-window\.ts:\d+/,
    'the place in the code of the reader',
  );
});

test('a file that does not compile is told by line and reason', async () => {
  await run('begin', '2');
  write('dedupe-window.ts', (text) => text.replace('if (key ===', 'if key ==='));
  const broken = await run('check', '2', '--step', '2.3');
  assert.match(broken.text, /this is no TypeScript yet: Expected "\("/, broken.text);
  assert.match(broken.text, /at my\/02-subscriber\/dedupe-window\.ts:\d+:\d+/, 'the place');
});

test('an endless loop ends the check, which names the test', async () => {
  await run('begin', '2');
  write('queue.ts', (text) => text);
  write('dedupe-window.ts', (text) =>
    text.replace('const oldest = this.#admitted.shift();', 'const oldest = this.#admitted.peek();'),
  );
  const hung = await run('check', '2', '--step', '2.3');
  assert.equal(hung.code, 1, 'it is refused');
  assert.match(
    hung.text,
    /not done after 10 s: an endless loop, or something awaited that never comes/,
    hung.text,
  );
  assert.match(hung.text, /"a key is let through once in a window/, 'the test by name');
});

test('course shows the next thing to do, hints and diff their help', async () => {
  const course = await run('course');
  assert.equal(course.code, 0, course.text);
  assert.match(course.text, /Next: chapter 1, .*\n\s+lesson .*\n\s+command\s+npm run begin 1/, course.text);
  const commands = ['begin', 'check', 'watch', 'hint', 'diff', 'reset'];
  const helps = await Promise.all(commands.map((command) => run(command, '--help')));
  for (const [index, { code, text }] of helps.entries()) {
    assert.equal(code, 0, `${commands[index]}: ${text}`);
    assert.match(text, /npm run/, `${commands[index]} has a help`);
  }
});

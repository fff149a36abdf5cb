// deadline: 240 s
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { findChapters } from '../chapters.ts';
import { readTranscript } from '../lessons/fill.ts';
import { takeTranscript } from '../transcripts.ts';
import { runScript, startScript } from './run-script.ts';

const TIMEOUT = { timeout: 90_000 };
const stages = findChapters().filter(({ main }) => main !== undefined);

/** True where a connection to the port is refused. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(false)).once('error', () => resolve(true));
    socket.once('connect', () => socket.destroy());
  });
}

describe('npm run chapter', () => {
  test('lists the chapters', TIMEOUT, async ({ signal }) => {
    const { code, stdout } = await runScript('chapter', [], signal);
    assert.equal(code, 0);
    for (const { number, title } of stages) assert.match(stdout, new RegExp(`^ +${number} +${title}`, 'm'));
  });

  test('--help explains the options', TIMEOUT, async ({ signal }) => {
    const { code, stdout } = await runScript('chapter', ['--help'], signal);
    assert.equal(code, 0);
    for (const option of ['--once', '--serve', '--port', '--host']) {
      assert.ok(stdout.includes(option), `the help does not name ${option}`);
    }
  });

  for (const args of [
    ['99'],
    ['echo'],
    ['1', '2'],
    ['1', '--nonsense'],
    ['1', '--port', 'x'],
    ['1', '--port', '65536'],
  ]) {
    test(`${args.join(' ')} is refused in one line`, TIMEOUT, async ({ signal }) => {
      const { code, stdout, stderr } = await runScript('chapter', args, signal);
      assert.equal(code, 2);
      assert.equal(stdout, '');
      assert.match(stderr, /^[^\n]+\n$/);
    });
  }
});

for (const { number, title, lesson } of stages) {
  describe(`chapter ${number}, ${title}`, () => {
    test('prints the transcript of its lesson, and ends', TIMEOUT, async () => {
      const transcript = await takeTranscript(number);
      assert.match(transcript, new RegExp(`^Chapter ${number}: `));
      if (lesson === undefined) return;
      const expected = readTranscript(readFileSync(lesson, 'utf8'), number);
      assert.equal(transcript.trim(), expected?.trim(), 'run: npm run lessons -- --write');
    });

    test('a port in use is told in one line that says what to do', TIMEOUT, async ({ signal }) => {
      const occupant = createServer().listen(0, '127.0.0.1');
      await once(occupant, 'listening');
      const { port } = occupant.address() as AddressInfo;
      try {
        const { code, stderr } = await runScript('chapter', [`${number}`, '--port', `${port}`], signal);
        assert.equal(code, 1);
        assert.match(
          stderr,
          new RegExp(`^Port ${port} on 127\\.0\\.0\\.1 is in use[^\\n]+--port[^\\n]+\\n$`),
        );
      } finally {
        occupant.close();
      }
    });

    test('says how to talk to it, and a signal ends it', TIMEOUT, async ({ signal }) => {
      const stage = startScript('chapter', [`${number}`, '--serve', '--port', '0'], signal);
      const [, port] = await stage.printed(/listening on 127\.0\.0\.1:(\d+)/);
      await stage.printed(/Talk to it:\n +\S[\s\S]*Ctrl-C ends it/);
      assert.equal(await isFree(Number(port)), false);
      stage.child.kill(number % 2 === 0 ? 'SIGINT' : 'SIGTERM');
      const { code, stderr } = await stage.ended;
      assert.equal(stderr, '');
      assert.equal(code, 0);
      assert.equal(await isFree(Number(port)), true);
    });
  });
}

// deadline: 240 s
/**
 * Chapter 1's checks for any language, on the echo server in Python and on broken variants of it. Where Python is missing
 * the tests are skipped by name, but never on a build machine: there it is installed.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { boundPort, listen, startEchoServer } from '#framing/net';
import { ROOT } from '../../chapters.ts';
import { ensurePrograms, findProgram } from '../../system-packages.ts';
import { runScript } from '../run-script.ts';

const TIMEOUT = { timeout: 60_000 };
const ECHO = join(ROOT, 'chapters/01-framed-echo/any-language/echo.py');
const python =
  process.env.CI === undefined ? findProgram('python3') : ensurePrograms(['python3']).get('python3');
const WITH_PYTHON = { ...TIMEOUT, skip: python === undefined ? 'python3 is not installed' : false };

/** The command for the echo server in Python, with a part of it replaced. */
function brokenEcho(t: TestContext, from: string, to: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'leveret-echo-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const text = readFileSync(ECHO, 'utf8');
  assert.equal(text.split(from).length, 2, `what is replaced stands once in echo.py: ${from}`);
  writeFileSync(join(folder, 'echo.py'), text.replace(from, to));
  return `"${python}" "${join(folder, 'echo.py')}" {port}`;
}

const checkCommand = (t: TestContext, command: string) =>
  runScript('check', ['1', '--cmd', command], t.signal);

test('an echo server in Python passes, and is ended', WITH_PYTHON, async (t) => {
  const { code, stdout, stderr } = await checkCommand(t, `"${python}" "${ECHO}" {port}`);
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /✓ a client that never reads is not read from, and others are served/, stdout);
  assert.match(stdout, /All 20 checks passed/, stdout);
});

test('one that takes what a read gives for a frame is refused, with the bytes', WITH_PYTHON, async (t) => {
  const command = brokenEcho(t, 'await reader.readexactly(size)', 'await reader.read(size)');
  const { code, stdout } = await checkCommand(t, command);
  assert.equal(code, 1, stdout);
  // Single bytes may by chance be read together; the check behind it leaves nothing to chance.
  assert.match(stdout, /✗ (frames that come in single bytes|a frame cut in two, at every place)/, stdout);
  assert.match(stdout, /sent .*\(\d+ bytes\)\n +expected +0000000/, stdout);
  assert.match(stdout, /they differ first at offset \d+: expected [0-9a-f]{2}, received [0-9a-f]{2}/, stdout);
  assert.match(stdout, /lesson: chapters\/01-framed-echo\/README\.md, step 1\.5/, stdout);
});

test('one that reads sizes the other way round is refused at the first frame', WITH_PYTHON, async (t) => {
  const command = brokenEcho(t, 'int.from_bytes(header, "big")', 'int.from_bytes(header, "little")');
  const { code, stdout } = await checkCommand(t, command);
  assert.equal(code, 1, stdout);
  assert.match(stdout, /✗ one frame comes back/, stdout);
  assert.match(
    stdout,
    /it printed:\n[\s\S]*TOO_LARGE: a frame of 100663296 bytes/,
    'what the program printed',
  );
});

test('one without backpressure is told how much it took', WITH_PYTHON, async (t) => {
  const command = brokenEcho(t, 'await writer.drain()', 'pass');
  const { code, stdout } = await checkCommand(t, command);
  assert.equal(code, 1, stdout);
  assert.match(stdout, /it took \d+ MiB from a client that reads no echo/, stdout);
});

test('a program that listens already is checked by its port', TIMEOUT, async (t) => {
  const server = await startEchoServer();
  t.after(() => server.close());
  const { code, stdout, stderr } = await runScript('check', ['1', '--port', String(server.port)], t.signal);
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, new RegExp(`the program on port ${server.port}`), stdout);
});

test('the first check that fails ends the run; with --all all of them are played', TIMEOUT, async (t) => {
  const sockets = new Set<Socket>();
  // It disconnects whoever says anything.
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('data', () => socket.destroy());
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await listen(server, '127.0.0.1', 0);
  const port = String(boundPort(server));
  const first = await runScript('check', ['1', '--port', port], t.signal);
  assert.equal(first.code, 1, first.stdout);
  assert.match(first.stdout, /0 of 20 checks passed/, first.stdout);
  assert.equal([...first.stdout.matchAll(/✗/g)].length, 1, `only one is told:\n${first.stdout}`);
  const all = await runScript('check', ['1', '--port', port, '--all'], t.signal);
  assert.ok([...all.stdout.matchAll(/✗/g)].length > 10, `all are told:\n${all.stdout}`);
});

test('what cannot be checked is told in a line or two', TIMEOUT, async (t) => {
  const node = `"${process.execPath}"`;
  for (const [args, told] of [
    [
      ['--cmd', `${node} -e "console.log('no luck'); process.exit(3)" {port}`],
      /it ended with 3\n {2}no luck/,
    ],
    [['--cmd', `${node} -e "process.exit(3)"`], /it ended with 3\nThe command has no \{port\}/],
    [['--port', '1'], /Nobody listens on 127\.0\.0\.1 port 1: start your program first/],
    [['--port', '70000'], /--port takes a number from 0 to 65535/],
    [['--port', '9000', '--cmd', 'x'], /Either --cmd, which starts a program, or --port/],
    [['--port', '9000', '--step', '1.1'], /--step and --alone are for your code in my\//],
  ] as const) {
    const { code, stderr } = await runScript('check', ['1', ...args], t.signal);
    assert.notEqual(code, 0, `${args.join(' ')} is refused`);
    assert.match(stderr, told, args.join(' '));
    assert.ok(!/\n\s+at /.test(stderr), `no stack:\n${stderr}`);
  }
  const other = await runScript('check', ['2', '--port', '9000'], t.signal);
  assert.match(other.stderr, /Chapter 2 has no checks for programs in other languages/, 'another chapter');
});

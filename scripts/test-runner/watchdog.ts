/**
 * Loaded before a test file (`--import`): ends the file's process when it is not done in time, whatever its code does,
 * and says which test began last. The clock is a thread of its own, so an endless loop cannot stop it. A file that needs
 * longer says so in a line of its own: `// deadline: 90 s`. `LEVERET_DEADLINE_S=10` stands for all of them.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { isMainThread, Worker } from 'node:worker_threads';
import { ROOT } from '../chapters.ts';

/** What a test file may take, in seconds, where it does not say otherwise. */
const DEADLINE_S = 30;
/** Room for the name of a test, in bytes; the first two hold its length. */
const NAME_BYTES = 1_024;

/** Ends what the tests started too, where the system lists it: a child that holds on to the output would keep the run waiting. */
const CLOCK = `
  const { readFileSync, writeSync } = require('node:fs');
  const { name, file, seconds } = require('node:worker_threads').workerData;
  const end = (pid) => {
    try {
      for (const child of readFileSync('/proc/' + pid + '/task/' + pid + '/children', 'utf8').match(/\\d+/g) ?? []) end(child);
    } catch {}
    process.kill(pid, 'SIGKILL');
  };
  setTimeout(() => {
    const bytes = new Uint8Array(name);
    const last = Buffer.from(bytes.subarray(2, 2 + bytes[0] * 256 + bytes[1])).toString();
    const where = last === '' ? 'no test had begun' : 'the test that began last: "' + last + '"';
    writeSync(2, file + ' was not done after ' + seconds + ' s and was ended; ' + where + '\\n');
    end(process.pid);
  }, seconds * 1000);
`;

async function watch(path: string): Promise<void> {
  const own = /^\/\/ deadline: (\d+) s$/m.exec(readFileSync(path, 'utf8'))?.[1];
  const seconds = Number(process.env.LEVERET_DEADLINE_S ?? own ?? DEADLINE_S);
  const name = new SharedArrayBuffer(NAME_BYTES);
  const bytes = new Uint8Array(name);
  const began = (test: string): void => {
    const { written } = new TextEncoder().encodeInto(test, bytes.subarray(2));
    bytes[0] = written >> 8;
    bytes[1] = written & 0xff;
  };
  const workerData = { name, file: relative(ROOT, path), seconds };
  new Worker(CLOCK, { eval: true, execArgv: [], workerData }).unref();
  if (path.endsWith('.test.ts')) {
    const { beforeEach } = await import('node:test');
    beforeEach((test) => began('fullName' in test ? String(test.fullName) : test.name));
  } else {
    // uvu has no hook for all suites; it writes the name of each test into its context under this key.
    Object.defineProperty(Object.prototype, '__test__', {
      set: (test: string) => test !== '' && began(test),
    });
  }
}

const path = process.argv[1] ?? '';
if (isMainThread && /\.(spec|test)\.ts$/.test(path)) await watch(path);

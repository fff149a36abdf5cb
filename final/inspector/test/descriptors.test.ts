/** A broker that is out of descriptors goes on, answers with words, and works again when there are some. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { get } from 'node:http';
import { connect as connectSocket, type Socket } from 'node:net';
import { test } from 'node:test';
import { until } from '../../../chapters/04-full-protocol/test/conversation-client.ts';
import { CLI, start } from '../../cli/test/run-cli.ts';
import { connect } from '../../client/index.ts';

const timeout = 30_000;

/** The limit under which a process can have so many descriptors more: the lowest free numbers are given out first. */
function limitFor(pid: number, more: number): number {
  const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let limit = 0;
  for (let free = 0; free < more || used.has(limit); limit++) if (!used.has(limit)) free++;
  return limit;
}

function limit(pid: number, descriptors: number): void {
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${descriptors}:`]);
}

/** The status with which an address answers on a connection of its own; 'lost' when it does not. */
function statusOf(url: string): Promise<number | 'lost'> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', () => resolve('lost'));
  });
}

const skip = process.platform === 'linux' ? false : 'only Linux changes the limits of a process that runs';

test('out of descriptors: nothing ends the broker, and the page is there', { timeout, skip }, async (t) => {
  const running = start(t, process.execPath, [...CLI, 'serve', '--port', '0', '--http', '0']);
  const [, port, url] = await running.printed(/127\.0\.0\.1:(\d+); look at it here: (http:\S+)/);
  const { pid } = running.child;
  assert.ok(pid !== undefined, 'the broker has no process');
  let hasEnded = false;
  void running.ended.then(() => {
    hasEnded = true;
  });
  const bystander = await connect(`leveret://127.0.0.1:${port}`);
  t.after(() => bystander.close({ deadline: 100 }));

  // The page was never asked for, and there are descriptors for a few connections, but not for building it.
  const few = limitFor(pid, 3);
  for (const spare of [6, 2, 10, 14]) {
    limit(pid, limitFor(pid, spare));
    const answer = await statusOf(`${url}`);
    assert.equal(
      hasEnded,
      false,
      `with ${spare} descriptors the first request for the page ended the broker`,
    );
    assert.equal(answer, 200, `with ${spare} descriptors there is no page`);
  }

  limit(pid, few);
  // Nothing is left at all: connections are lost, and nothing else is.
  const sockets: Socket[] = [];
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (let i = 0; i < 40; i++) sockets.push(connectSocket(Number(port), '127.0.0.1').on('error', () => {}));
  await until(() => limitFor(pid, 1) > few, 'all descriptors are in use');
  await bystander.publish('news', 'is served', { confirm: true });
  const refused = await statusOf(`${url}healthz`);
  assert.equal(refused, 'lost', 'there were descriptors after all: this test tests nothing');
  assert.equal(hasEnded, false, 'a lack of descriptors ended the broker');

  for (const socket of sockets) socket.destroy();
  limit(pid, 1000);
  const answered = async (): Promise<boolean> => (await statusOf(`${url}`)) === 200;
  let works = false;
  const poll = setInterval(async () => {
    works ||= await answered();
  }, 50);
  t.after(() => clearInterval(poll));
  await until(() => works, 'the page is answered again');
  await bystander.publish('news', 'is served', { confirm: true });
});

// deadline: 120 s
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import type { Message, Skipped } from '../index.ts';
import { join, until } from './support.ts';

/** The broker as one file of JavaScript: it starts in a fraction of the time that the loader takes. */
function bundleBroker(folder: string): string {
  const outfile = joinPath(folder, 'broker.mjs');
  buildSync({
    entryPoints: [fileURLToPath(new URL('./broker-process.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  return outfile;
}

async function startProcess(file: string, port: number): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [file, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, port: Number(line.toString()) };
}

/** Each takes a start of the broker, which is slow on a busy machine. `LEVERET_KILLS=50` for a long run. */
const KILLS = Number(process.env.LEVERET_KILLS ?? 8);

test(`the client survives ${KILLS} kills of the broker under load`, { timeout: 110_000 }, async (t) => {
  const folder = mkdtempSync(joinPath(tmpdir(), 'leveret-client-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = bundleBroker(folder);
  let { child, port } = await startProcess(file, 0);
  t.after(() => child.kill('SIGKILL'));
  const client = await join(t, port, { reconnect: { initialMs: 2, maxMs: 20 } });
  await client.createTopic('load', { retentionMs: 600_000 });

  const skipped: Skipped[] = [];
  const epochs = new Set([client.epoch]);
  client.on('status', ({ epoch }) => epoch !== undefined && epochs.add(epoch));
  let life: number[] = [];
  const lives: number[][] = [life];
  const subscription = await client.subscribe('load', {
    from: 'earliest',
    window: 100,
    onMessage: (message: Message) => {
      life.push(message.id);
      subscription.commit(message);
    },
    onSkipped: (gap) => {
      skipped.push(gap);
      life = [];
      lives.push(life);
    },
  });
  let publishing = true;
  let confirmed = 0;
  let unknown = 0;
  const load = (async () => {
    while (publishing) {
      for (let i = 0; i < 20; i++) {
        client.publish('load', 'x'.repeat(100), { confirm: true }).then(
          () => confirmed++,
          (error) => {
            assert.equal(error.code, 'DISCONNECTED');
            unknown++;
          },
        );
      }
      await client.ready();
      await new Promise(setImmediate);
    }
  })();
  for (let kill = 0; kill < KILLS; kill++) {
    const before = confirmed;
    await until(() => client.status === 'connected' && life.length > 10 && confirmed > before);
    child.kill('SIGKILL');
    await once(child, 'exit');
    child = (await startProcess(file, port)).child;
  }
  await until(() => client.status === 'connected' && life.length > 10);
  publishing = false;
  await load;
  await client.flush();
  assert.equal(client.status, 'connected', 'at the end');
  assert.equal(epochs.size, KILLS + 1, 'brokers that it has met');
  assert.equal(skipped.length, KILLS, 'gaps that it was told of');
  assert.ok(
    skipped.every(({ reason }) => reason === 'epoch'),
    `only a new epoch loses ids: ${JSON.stringify(skipped)}`,
  );
  for (const ids of lives) {
    assert.deepEqual(
      ids,
      ids.map((_, i) => i + 1),
      'within one life of the broker nothing is missing or doubled',
    );
  }
  t.diagnostic(`${confirmed} confirmed, ${unknown} unknown`);
});

/** A broker that was stopped, as by SIGSTOP, a debugger or a machine that sleeps. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { clientCodec } from '#protocol';
import { RawClient, until } from '../../../../chapters/04-full-protocol/test/conversation-client.ts';
import { publish } from '../../../../chapters/04-full-protocol/test/conversation-requests.ts';

test('what came while it was stopped is read before a deadline passes', { timeout: 30_000 }, async (t) => {
  const path = fileURLToPath(new URL('./stopped-process.ts', import.meta.url));
  const broker = spawn(process.execPath, ['--import', 'tsx', path], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => broker.kill('SIGKILL'));
  const [line] = (await once(broker.stdout, 'data')) as [Buffer];
  const address = { host: '127.0.0.1', port: Number(String(line)) };
  const open = async (): Promise<RawClient> => {
    const client = await RawClient.open(address);
    t.after(() => client.close());
    return client;
  };
  const hello = clientCodec.encode({ type: 'HELLO', version: 1, name: '', token: '' });
  const [greeting, halfway, idle] = [await open(), await open(), await open()];
  for (const client of [halfway, idle]) await client.bytes(hello).expect({ type: 'WELCOME' });
  const frame = clientCodec.encode(publish(1, 't', 'x'));
  halfway.bytes(frame.subarray(0, 10));
  await idle.expectAlive();

  broker.kill('SIGSTOP');
  greeting.bytes(hello);
  halfway.bytes(frame.subarray(10));
  // Three times as long as any of its deadlines: this time must not count.
  const goesOnAt = performance.now() + 1_500;
  await until(() => performance.now() >= goesOnAt, 'the time that it stands still');
  broker.kill('SIGCONT');
  await greeting.expect({ type: 'WELCOME' });
  await halfway.expect({ type: 'PUBLISHED', request: 1 });
  await idle.expectAlive();
});

/** What strangers get: an open broker only where its owner means it, and never a word of a token. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { format } from 'node:util';
import debug from 'debug';
import { clientCodec } from '#protocol';
import { RawClient } from '../../../../chapters/04-full-protocol/test/conversation-client.ts';
import { connect, createBroker } from '../../../index.ts';
import { brokerFor, clientFor } from '../start.ts';

const TIMEOUT = { timeout: 30_000 };
const SECRET = 'hush-hush-7';

const before = { log: debug.log, enabled: debug.disable() };
after(() => {
  debug.log = before.log;
  debug.enable(before.enabled);
});

test('a public address needs tokens, or insistence, and nothing is opened before', TIMEOUT, async (t) => {
  const own = { port: 0, host: '127.0.0.1' } as const;
  for (const options of [
    { host: '0.0.0.0', port: 0 },
    { ...own, listeners: [{ type: 'tcp', host: '0.0.0.0', port: 0 } as const] },
    { ...own, listeners: [{ type: 'ws', host: '0.0.0.0', port: 0 } as const] },
  ]) {
    const opened = createBroker(options).then(
      (broker) => broker.close(0).then(() => 'it was opened'),
      (error: { code: string; message: string }) => `${error.code} ${error.message}`,
    );
    assert.match(await opened, /^INSECURE 0\.0\.0\.0 .*--insecure/, JSON.stringify(options));
  }
  for (const guard of [{ auth: { tokens: [{ token: SECRET }] } }, { insecure: true }]) {
    const broker = await brokerFor(t, { host: '0.0.0.0', ...guard });
    const client = await clientFor(t, { host: '127.0.0.1', port: broker.port }, SECRET);
    await client.expectAlive();
  }
});

test('DEBUG=leveret:* shows no token, whatever becomes of its HELLO', TIMEOUT, async (t) => {
  const lines: string[] = [];
  debug.log = (...parts: unknown[]) => void lines.push(format(...parts));
  debug.enable('leveret:*');
  t.after(() => debug.disable());
  const broker = await brokerFor(t, { auth: { tokens: [{ token: SECRET }] } });
  const { port } = broker;
  await (await connect(`leveret://127.0.0.1:${port}`, { token: SECRET, name: 'by option' })).close();
  await (await connect(`leveret://${SECRET}@127.0.0.1:${port}`, { name: 'by URL' })).close();
  await assert.rejects(connect(`leveret://${SECRET}-wrong@127.0.0.1:${port}`), { code: 'DENIED' });

  const hello = Buffer.from(clientCodec.encode({ type: 'HELLO', version: 1, name: 'broken', token: SECRET }));
  const ofVersion2 = Buffer.from(hello);
  ofVersion2[5] = 2;
  const oneByteMore = Buffer.concat([hello, Buffer.of(0)]);
  oneByteMore.writeUInt32BE(hello.length - 3);
  for (const [what, bytes, code] of [
    ['of a version that nobody speaks', ofVersion2, 'BAD_VERSION'],
    ['with a byte too many', oneByteMore, 'BAD_FRAME'],
    ['twice', Buffer.concat([hello, hello]), 'BAD_STATE'],
  ] as const) {
    const client = await RawClient.open(broker);
    t.after(() => client.close());
    client.bytes(bytes);
    if (what === 'twice') await client.expect({ type: 'WELCOME' });
    await client.expectError(code);
    await client.expectEnd();
  }
  const shown = lines.join('\n');
  for (const name of ['by option', 'by URL']) {
    assert.ok(shown.includes(`HELLO version=1 name="${name}" token=***`), `no HELLO ${name} in\n${shown}`);
  }
  for (const encoding of ['utf8', 'hex', 'base64'] as const) {
    const secret = Buffer.from(SECRET).toString(encoding);
    assert.ok(!shown.includes(secret), `${secret} is shown in\n${shown}`);
  }
});

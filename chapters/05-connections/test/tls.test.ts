import assert from 'node:assert';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { RawSocket, until } from '../../01-framed-echo/test/raw-socket.ts';
import { startRig } from './table-harness.ts';

const timeout = 20_000;
/** A shared secret instead of a certificate: nothing to generate, nothing that expires. */
const secret = Buffer.from('0123456789abcdef');
const common = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;

async function connectTls(port: number): Promise<TLSSocket> {
  const pskCallback = () => ({ psk: secret, identity: 'test' });
  const client = connect({
    ...common,
    port,
    host: '127.0.0.1',
    pskCallback,
    checkServerIdentity: () => undefined,
  });
  await once(client, 'secureConnect');
  return client;
}

test('over TLS, and a client that cannot shake hands harms nobody', { timeout }, async () => {
  await using rig = await startRig({ maxConnections: 2 });
  const { port, close } = await rig.table.listen({ tls: { ...common, pskCallback: () => secret } });
  const client = await connectTls(port);
  await until(() => rig.table.size === 1);
  const [connection] = rig.table;
  client.write('a secret');
  const [echo] = (await once(client, 'data')) as [Buffer];
  assert.strictEqual(String(echo), 'a secret');
  assert.match(connection?.remoteAddress ?? '', /^127\.0\.0\.1:\d+$/);
  assert.strictEqual(rig.table.setOptions(1, { noDelay: false, keepAlive: false }), true);

  const stranger = await RawSocket.connect({ port });
  stranger.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  await stranger.readUntilClosed();
  await until(() => rig.table.status().refused === 1);
  assert.strictEqual(rig.table.size, 1);

  const cutOff = await RawSocket.connect({ port });
  cutOff.reset();
  await until(() => rig.table.status().refused === 2);

  client.write('again');
  const [second] = (await once(client, 'data')) as [Buffer];
  assert.strictEqual(String(second), 'again');
  client.end();
  await until(() => rig.table.size === 0);
  assert.deepStrictEqual(rig.log, [{ number: 1, reason: 'peer' }]);
  await close();
  await stranger.close();
});

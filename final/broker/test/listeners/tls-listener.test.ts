import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { ConnectionTable } from '#connections';
import { RawSocket, until } from '../../../../chapters/01-framed-echo/test/raw-socket.ts';
import { listenForTls } from '../../listeners/tls-listener.ts';

/** A shared secret instead of a certificate: nothing to generate, nothing that expires. */
const secret = Buffer.from('0123456789abcdef');
const common = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;

async function connectTls(port: number): Promise<TLSSocket> {
  const pskCallback = () => ({ psk: secret, identity: 'test' });
  const checkServerIdentity = () => undefined;
  const client = connect({ ...common, port, host: '127.0.0.1', pskCallback, checkServerIdentity });
  await once(client, 'secureConnect');
  return client;
}

test('over TLS, and a client that cannot shake hands harms nobody', { timeout: 20_000 }, async (t) => {
  const reasons: string[] = [];
  const lost: Error[] = [];
  const table = new ConnectionTable(
    {},
    {
      received: (connection, chunk) => void connection.write(chunk),
      closed: (_connection, reason) => void reasons.push(reason),
    },
  );
  t.after(() => table.shutdown({ deadlineMs: 0 }));
  const { port, close } = await listenForTls(
    {
      host: '127.0.0.1',
      port: 0,
      waiting: { max: 2, timeoutMs: 10_000, sweepIntervalMs: 100 },
      adopt: (socket) => void table.adopt(socket),
      lost: (error) => void lost.push(error),
    },
    { ...common, pskCallback: () => secret },
  );
  t.after(close);
  const client = await connectTls(port);
  t.after(() => client.destroy());
  await until(() => table.size === 1, { what: 'the client is in the table' });
  const [connection] = table;
  client.write('a secret');
  const [echo] = (await once(client, 'data')) as [Buffer];
  assert.equal(String(echo), 'a secret');
  assert.match(connection?.remoteAddress ?? '', /^127\.0\.0\.1:\d+$/);
  connection?.setOptions({ noDelay: false, keepAlive: false });

  const stranger = await RawSocket.connect({ port });
  t.after(() => stranger.close());
  stranger.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  await stranger.readUntilClosed();
  await until(() => lost.length === 1, { what: 'the failed handshake is told' });
  assert.equal(table.size, 1);

  const cutOff = await RawSocket.connect({ port });
  cutOff.reset();
  await until(() => lost.length === 2, { what: 'the handshake that was cut off is told' });

  client.write('again');
  const [second] = (await once(client, 'data')) as [Buffer];
  assert.equal(String(second), 'again');
  client.end();
  await until(() => table.size === 0, { what: 'the client is gone' });
  assert.deepEqual(reasons, ['peer']);
});

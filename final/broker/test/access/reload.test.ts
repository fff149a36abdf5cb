import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { connect } from '../../../client/index.ts';
import { TEST_CERTIFICATE } from '../../../client/test/certificate.ts';
import { brokerFor } from '../start.ts';

const timeout = 30_000;

/** Another certificate than that of the other tests, for as long. */
const OTHER = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBfjCCASWgAwIBAgIUGySL8b4aOn47J0pyGSG86damze0wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTE5NTY0M1oYDzIxMjYxMDI4
MTk1NjQzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATwx8tXax4Di5sdHPeWx9+i6/wR7FbFbcc0bwdzH5BR2qLnZ8nrFRUv
GyyGZugb6aF6LNN5ySTg7ZIToiD7/K9+o1MwUTAdBgNVHQ4EFgQUGfaSG25ypxsG
1SF5pYu4qwnpyeIwHwYDVR0jBBgwFoAUGfaSG25ypxsG1SF5pYu4qwnpyeIwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiB909i/zpMc8cY5HSLf+4y4
1+pnRLoOd3FLVxIkp8zZJgIgR22AaKxLrWEeUFIGbPvuanjTIwBmdH+WFH4DYuUq
nRg=
-----END CERTIFICATE-----`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgCjR9QUQ87zrX8R2y
kjriiWQShgON1L7dNqQdAzgzYiKhRANCAATwx8tXax4Di5sdHPeWx9+i6/wR7FbF
bcc0bwdzH5BR2qLnZ8nrFRUvGyyGZugb6aF6LNN5ySTg7ZIToiD7/K9+
-----END PRIVATE KEY-----`,
};

test('a token that is gone is refused and ended, one with other permissions comes back with them', {
  timeout,
}, async (t) => {
  const broker = await brokerFor(t, {
    auth: { tokens: [{ token: 'gone' }, { token: 'less' }, { token: 'same', publish: ['a'] }] },
  });
  const open = async (token: string) => {
    const client = await connect(`leveret://127.0.0.1:${broker.port}`, { token });
    t.after(() => client.close({ deadline: 0 }));
    return client;
  };
  const [gone, less, same] = await Promise.all([open('gone'), open('less'), open('same')]);
  gone.on('error', () => {});
  const numbers = [...broker.core.sessions()].map(({ number }) => number);
  const ended = broker.reload({
    auth: {
      tokens: [
        { token: 'same', publish: ['a'] },
        { token: 'less', publish: ['a'] },
      ],
    },
  });
  assert.deepEqual(ended, { gone: 1, changed: 1 }, 'how many were ended');
  assert.equal((await gone.closed)?.code, 'DENIED', 'who has no token any more');
  await assert.rejects(open('gone'), { code: 'DENIED' }, 'and does not come back');
  await less.publish('a', 'x', { confirm: true });
  await assert.rejects(
    less.publish('b', 'x', { confirm: true }),
    { code: 'DENIED' },
    'the new permissions hold',
  );
  await same.publish('a', 'x', { confirm: true });
  const kept = [...broker.core.sessions()].filter(({ number }) => numbers.includes(number));
  assert.equal(kept.length, 1, 'only the connection whose permissions are the same has stayed');
});

test('a client whose token is gone asks once more, is refused, and stays away', { timeout }, async (t) => {
  const broker = await brokerFor(t, { auth: { tokens: [{ token: 'gone' }, { token: 'kept' }] } });
  const open = async (token: string) => {
    const url = `leveret://127.0.0.1:${broker.port}`;
    const client = await connect(url, { token, reconnect: { initialMs: 1, maxMs: 1 } });
    t.after(() => client.close({ deadline: 0 }));
    return client;
  };
  const [gone, kept] = [await open('gone'), await open('kept')];
  gone.on('error', () => {});
  const messages = await gone.subscribe('t');
  broker.reload({ auth: { tokens: [{ token: 'kept' }] } });
  assert.equal((await gone.closed)?.code, 'DENIED', 'why it was closed');
  await assert.rejects(messages[Symbol.asyncIterator]().next(), { code: 'DENIED' }, 'its iterators say so');
  await assert.rejects(async () => gone.publish('t', 'x', { confirm: true }), { code: 'DENIED' });
  // With pauses of a millisecond a client that does not give up would come hundreds of times in these round trips.
  for (let i = 0; i < 200; i++) await kept.publish('t', `${i}`, { confirm: true });
  const { accepted } = broker.core.table.status();
  assert.ok(accepted <= 3, `it came back ${accepted - 2} times`);
});

test('a reload that is wrong changes nothing', { timeout }, async (t) => {
  const broker = await brokerFor(t, { auth: { tokens: [{ token: 'a' }] } });
  const client = await connect(`leveret://127.0.0.1:${broker.port}`, { token: 'a', reconnect: false });
  t.after(() => client.close({ deadline: 0 }));
  for (const [options, words] of [
    [{ auth: { tokens: [{ token: ' b' }] } }, /auth\.tokens\.0\.token begins or ends/],
    [{}, /auth cannot be taken away/],
    [
      { auth: { tokens: [{ token: 'b' }] }, tls: { cert: 'no.pem', key: 'no.pem' } },
      /tls\.cert: cannot read no\.pem/,
    ],
  ] as const) {
    assert.throws(() => broker.reload(options), words, JSON.stringify(options));
  }
  await client.publish('x', 'x', { confirm: true });
  assert.ok(broker.authorize('a'), 'the token still holds');
  assert.equal(broker.authorize('b'), undefined, 'the other one does not');
});

test('a certificate is renewed for those who come; a bad one is refused', { timeout }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'leveret-reload-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const cert = join(folder, 'cert.pem');
  const key = join(folder, 'key.pem');
  writeFileSync(cert, TEST_CERTIFICATE.cert);
  writeFileSync(key, TEST_CERTIFICATE.key);
  const broker = await brokerFor(t, {
    tls: { cert, key },
    listeners: [
      { type: 'tls', port: 0 },
      { type: 'wss', port: 0 },
    ],
  });
  const serialOf = async (port: number): Promise<string> => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    t.after(() => socket.destroy());
    await once(socket, 'secureConnect');
    return socket.getPeerCertificate().serialNumber;
  };
  const ports = broker.addresses.filter(({ type }) => type !== 'tcp').map(({ port }) => port);
  const before = await Promise.all(ports.map(serialOf));
  writeFileSync(key, 'hello');
  assert.throws(() => broker.reload({ tls: { cert, key } }), /key\.pem holds no private key/, 'a bad key');
  assert.deepEqual(await Promise.all(ports.map(serialOf)), before, 'the old certificate still holds');
  writeFileSync(cert, OTHER.cert);
  writeFileSync(key, OTHER.key);
  broker.reload({ tls: { cert, key } });
  for (const [index, port] of ports.entries()) {
    assert.notEqual(await serialOf(port), before[index], `port ${port} shows the new certificate`);
  }
});

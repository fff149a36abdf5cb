import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Limit } from '#framing';
import { connect } from '../../client/index.ts';
import { createBroker } from '../broker.ts';
import { LIMITS } from '../limits.ts';
import { type BrokerOptions, TIMES } from '../options.ts';

const timeout = 30_000;
const TABLE: [string, Limit][] = Object.entries({ ...LIMITS, ...TIMES });

test('every limit at its least and at its most leaves a broker that lets clients in', {
  timeout,
}, async () => {
  for (const [name, { min, max }] of TABLE) {
    for (const value of [min, max]) {
      const broker = await createBroker({ port: 0, [name]: value });
      try {
        const client = await connect(`leveret://127.0.0.1:${broker.port}`, {
          name: 'n'.repeat(255),
          reconnect: false,
          connectTimeoutMs: 5_000,
        });
        await client.close({ deadline: 1_000 });
      } catch (error) {
        assert.fail(`with ${name} at ${value} nobody gets in: ${error}`);
      } finally {
        await broker.close(0);
      }
    }
  }
});

test('createBroker refuses what lies outside', { timeout }, async () => {
  for (const [name, { min, max }] of TABLE) {
    for (const value of [min - 1, max + 1, 5 * 1024 ** 3 + 0.5]) {
      const options: BrokerOptions = { port: 0, [name]: value };
      const refused = await createBroker(options).then(
        (broker) => broker.close(0),
        (error: Error & { code?: string }) => error,
      );
      assert.ok(refused instanceof Error, `${name} of ${value} was taken`);
      assert.equal(refused.code, 'BAD_CONFIG', `${name} of ${value}: the code`);
      assert.ok(
        refused.message.includes(`${name} takes a whole number from ${min} to ${max}, not ${value}`),
        `${name} of ${value} is not explained: ${refused.message}`,
      );
    }
  }
});

test('what does not go together is refused, and every option is named', { timeout }, async () => {
  const cases: [BrokerOptions, RegExp][] = [
    [{ tls: { cert: 'a', key: 'b', requestClientCert: true } }, /^tls\.requestClientCert needs tls\.ca: /],
    [
      { listeners: [{ type: 'wss', port: 0 }] },
      /^listeners\.0 needs a certificate: give tls\.cert and tls\.key$/,
    ],
    [
      { auth: { tokens: [{ token: 't'.repeat(4_000) }] } },
      /^a token is too long for helloFrameLimit of 4096/,
    ],
  ];
  for (const [options, words] of cases) {
    const refused = await createBroker({ port: 0, ...options }).then(
      (broker) => broker.close(0),
      (error: Error & { code?: string }) => error,
    );
    assert.ok(refused instanceof Error, `taken: ${JSON.stringify(options)}`);
    assert.equal(refused.code, 'BAD_CONFIG', refused.message);
    assert.match(refused.message, words, 'the words');
  }
});

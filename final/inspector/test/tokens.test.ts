import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { createBroker } from '../../index.ts';
import { bearer } from '../page/bearer.ts';
import { inspectorFor } from './scene.ts';

const timeout = 30_000;
const TOKENS = ['for the operator', 'two  spaces', 'tökén', '合言葉 🥕', 'a"b\\c;d,e', 'x'.repeat(3_000)];

/** Asks as a program does that sends the bytes it is given, such as curl. */
function statusOf(port: number, authorization: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { port, path: '/api/state', headers: { authorization }, agent: false },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

test('every token that the configuration takes opens the inspector', { timeout }, async (t) => {
  const { inspector } = await inspectorFor(t, { auth: { tokens: TOKENS.map((token) => ({ token })) } });
  for (const token of TOKENS) {
    const answer = await fetch(`${inspector.url}api/state`, { headers: { authorization: bearer(token) } });
    assert.equal(answer.status, 200, `as the page sends "${token}"`);
    const bytes = Buffer.from(`Bearer ${token}`).toString('latin1');
    assert.equal(await statusOf(inspector.port, bytes), 200, `as curl sends "${token}"`);
    assert.equal(await statusOf(inspector.port, `${bytes}x`), 401, `with more behind "${token}"`);
  }
  assert.equal(await statusOf(inspector.port, 'Bearer tökén'), 200, 'in Latin-1');
});

test('a token that HTTP cannot carry is refused by the configuration, and not repeated', {
  timeout,
}, async () => {
  for (const token of [
    ' s3cret',
    's3cret ',
    's3\tcret',
    's3cret\n',
    's3\u0000cret',
    's3\ud800cret',
    '\u00a0s3cret',
  ]) {
    const refused = await createBroker({ port: 0, auth: { tokens: [{ token }] } }).then(
      (broker) => broker.close(0),
      (error: Error & { code?: string }) => error,
    );
    assert.ok(refused instanceof Error, `taken: ${JSON.stringify(token)}`);
    assert.equal(refused.code, 'BAD_CONFIG', refused.message);
    assert.match(refused.message, /^auth\.tokens\.0\.token (begins or ends with a space|holds)/, 'the words');
    assert.ok(!refused.message.includes('cret'), `the token is repeated: ${refused.message}`);
  }
});

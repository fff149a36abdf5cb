import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../../../chapters/04-full-protocol/test/conversation-client.ts';
import { RefusedLogins } from '../refused-logins.ts';

const logins = suite('refused logins');

function recorder() {
  const lines: { facts: Record<string, unknown>; message: string }[] = [];
  const log = new RefusedLogins({ warn: (facts, message) => lines.push({ facts: { ...facts }, message }) });
  return { lines, log };
}

logins('one line for an address, with its reason; the others are counted', () => {
  const { lines, log } = recorder();
  for (let port = 1; port <= 500; port++)
    log.tell(`10.0.0.1:${port}`, 'this token is not known here', { client: 'c' });
  log.tell('[::1]:9', 'this broker asks for a token');
  log.close();
  assert.equal(lines, [
    {
      facts: { remoteAddress: '10.0.0.1:1', client: 'c', reason: 'this token is not known here' },
      message: 'login refused',
    },
    { facts: { remoteAddress: '[::1]:9', reason: 'this broker asks for a token' }, message: 'login refused' },
    { facts: { count: 499 }, message: 'more logins refused' },
  ]);
});

logins('a flood from very many addresses is ten lines and a sum', () => {
  const { lines, log } = recorder();
  for (let host = 0; host < 100_000; host++) log.tell(`10.1.${host >> 8}.${host & 255}:1`, 'no');
  log.close();
  assert.is(lines.length, 11);
  assert.equal(lines.at(-1)?.facts, { count: 99_990 });
});

logins('the sum comes by itself, and then there are lines again', async () => {
  const { lines, log } = recorder();
  log.tell('10.0.0.1:1', 'no');
  log.tell('10.0.0.1:2', 'no');
  await until(() => lines.length >= 2, 'the sum');
  assert.equal(lines[1], { facts: { count: 1 }, message: 'more logins refused' }, 'the sum');
  log.tell('10.0.0.1:3', 'no');
  assert.is(lines.length, 3, 'a new second, a new line');
  log.close();
});

logins.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { KnownHosts } from '../../access/known-hosts.ts';
import { isWelcomeOrigin } from '../../access/origin.ts';

const allowed = ['https://good.example'];
const hosts = new KnownHosts('10.0.0.7', ['here']);

for (const [origin, host, welcome] of [
  [undefined, 'here:80', true],
  [undefined, 'elsewhere:80', true],
  [undefined, undefined, true],
  ['http://here:7411', 'here:7411', true],
  ['http://here:7411', 'HERE:7411', true],
  ['http://10.0.0.7:7411', '10.0.0.7:7411', true],
  ['http://localhost:7411', 'localhost:7411', true],
  ['http://elsewhere:7411', 'elsewhere:7411', false],
  ['https://good.example', 'here:7411', true],
  ['https://good.example', 'elsewhere:7411', true],
  ['http://here:7412', 'here:7411', false],
  ['https://good.example.evil', 'here:7411', false],
  ['http://good.example', 'here:7411', false],
  ['null', 'here:7411', false],
  ['', 'here:7411', false],
  ['http://here', undefined, false],
] as const) {
  test(`a page from ${origin} at ${host} is ${welcome ? '' : 'not '}welcome`, () => {
    assert.is(isWelcomeOrigin(origin, host, { hosts, allowed }), welcome);
  });
}

for (const [listened, header, known] of [
  ['127.0.0.1', 'localhost', true],
  ['127.0.0.1', '[::1]:80', true],
  ['127.0.0.1', '10.1.2.3', false],
  ['0.0.0.0', '10.1.2.3:80', true],
  ['::', '[fe80::1]:80', true],
  ['0.0.0.0', 'rebound.example', false],
  ['10.0.0.7', '10.0.0.8', false],
  ['127.0.0.1', 'a@localhost', false],
  ['127.0.0.1', 'localhost:80:80', false],
  ['127.0.0.1', '', false],
] as const) {
  test(`listening on ${listened}, the host "${header}" is ${known ? 'known' : 'not known'}`, () => {
    assert.is(new KnownHosts(listened).knows(header), known);
  });
}

test.run();

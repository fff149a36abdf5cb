import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  decodeHello,
  decodeRefuse,
  decodeWelcome,
  encodeHello,
  encodeRefuse,
  encodeWelcome,
  PEER_VERSION,
  PeerFrame,
} from '#peers';

const test = suite('frames between peers');
const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

test('HELLO byte by byte', () => {
  assert.is(encodeHello('a:1').toString('hex'), bytes('00000006 01 01 03 613a31').toString('hex'));
  assert.is(decodeHello(bytes('01 03 613a31')), 'a:1');
  assert.is(decodeHello(bytes('01 03 413a31')), 'a:1', 'in its one spelling');
});

test('WELCOME byte by byte', () => {
  assert.is(encodeWelcome(65_536).toString('hex'), bytes('00000006 81 01 00010000').toString('hex'));
  assert.is(decodeWelcome(bytes('01 00010000')), 65_536);
});

test('REFUSE, with a reason that is cut to fit', () => {
  assert.is(encodeRefuse('no').toString('hex'), bytes('00000004 82 02 6e6f').toString('hex'));
  assert.is(decodeRefuse(bytes('02 6e6f')), 'no');
  assert.is(encodeRefuse('x'.repeat(1_000)).length, 5 + 1 + 255);
});

for (const [what, body] of [
  ['empty', ''],
  ['only a version', '01'],
  ['another version', '02 03 613a31'],
  ['length too long', '01 04 613a31'],
  ['bytes after the address', '01 02 613a31'],
  ['no address', '01 00'],
  ['a malformed address', '01 01 61'],
  ['bytes that are not UTF-8', '01 04 ff3a3131'],
] as const) {
  test(`refuses a HELLO: ${what}`, () => assert.throws(() => decodeHello(bytes(body))));
}

test('tells a malformed WELCOME', () => {
  for (const body of ['', '01', '02 00010000', '01 0001', '01 00010000 00']) {
    assert.is(decodeWelcome(bytes(body)), undefined, body);
  }
});

test('the types and the version stay what they are', () => {
  assert.equal(PeerFrame, { Hello: 1, Datagram: 2, Welcome: 0x81, Refuse: 0x82 });
  assert.is(PEER_VERSION, 1);
});

test.run();

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatAddress, PeerError, parseAddress } from '#peers';

const test = suite('peer addresses');

const good: [text: string, host: string, port: number, same?: string][] = [
  ['127.0.0.1:4000', '127.0.0.1', 4000],
  ['localhost:1', 'localhost', 1],
  ['Node-7.Example.com:65535', 'node-7.example.com', 65_535, 'node-7.example.com:65535'],
  ['[::1]:4000', '::1', 4000],
  ['[0:0:0:0:0:0:0:1]:4000', '::1', 4000, '[::1]:4000'],
  ['[2001:DB8::000A]:80', '2001:db8::a', 80, '[2001:db8::a]:80'],
  ['a1.b2:7', 'a1.b2', 7],
];

for (const [text, host, port, same = text] of good) {
  test(`reads ${text}`, () => {
    assert.equal(parseAddress(text), { host, port });
    assert.is(formatAddress(parseAddress(text)), same);
  });
}

const bad = [
  '',
  ':',
  'localhost',
  'localhost:',
  ':4000',
  'localhost:0',
  'localhost:65536',
  'localhost:99999999',
  'localhost:-1',
  'localhost:+80',
  'localhost:080',
  'localhost:8e3',
  'localhost:0x50',
  'localhost: 80',
  ' localhost:80',
  'localhost:80 ',
  'local host:80',
  'localhost:80/path',
  'tcp://localhost:80',
  'user@localhost:80',
  '::1:4000',
  '::1',
  '[::1]',
  '[::1]4000',
  '[::1]:',
  '[::1:4000',
  '::1]:4000',
  '[]:4000',
  '[127.0.0.1]:4000',
  '[fe80::1%eth0]:4000',
  '[::1]]:4000',
  '300.1.1.1:80',
  '127.1:80',
  '1.2.3.4.5:80',
  '-a.example:80',
  'a-.example:80',
  'a..b:80',
  '.:80',
  'a.:80',
  'ü.example:80',
  'a_b:80',
  'a\0b:80',
  'a\nb:80',
  `${'a'.repeat(64)}:80`,
  `${'a.'.repeat(127)}b:80`,
];

for (const text of bad) {
  test(`refuses ${JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text)}`, () => {
    let caught: unknown;
    try {
      parseAddress(text);
    } catch (error) {
      caught = error;
    }
    assert.instance(caught, PeerError);
    assert.is((caught as PeerError).code, 'BAD_ADDRESS');
    assert.is((caught as PeerError).address, text);
  });
}

test('any text is either read or refused with BAD_ADDRESS, and what is read has one spelling', () => {
  const piece = fc.constantFrom('a', '1', '.', ':', '[', ']', '::', '-', '80', '%', ' ', 'ff', '127.0.0.1');
  const text = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(text, (input) => {
      try {
        const once = formatAddress(parseAddress(input));
        assert.is(formatAddress(parseAddress(once)), once);
      } catch (error) {
        if (!(error instanceof PeerError)) throw error;
        assert.is(error.code, 'BAD_ADDRESS');
      }
    }),
    { numRuns: 2_000 },
  );
});

test.run();

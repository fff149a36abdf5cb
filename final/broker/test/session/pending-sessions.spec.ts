import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PendingSessions, peerOf } from '../../session/pending-sessions.ts';

/** Adds connections; returns the names of those that had to make room. */
function begin(max: number) {
  const pending = new PendingSessions(max);
  const gone: string[] = [];
  const come = (name: string, remoteAddress = '10.0.0.1:1') => {
    const session = { remoteAddress, makeRoom: () => void gone.push(name) };
    pending.add(session);
    return session;
  };
  return { pending, gone, come };
}

test('the oldest silent one makes room, and a newcomer never does', () => {
  const { pending, gone, come } = begin(3);
  for (const name of ['a', 'b', 'c', 'd', 'e']) come(name);
  assert.equal(gone, ['a', 'b'], 'who made room');
  assert.is(pending.size, 3, 'how many are left');
});

test('one that has said HELLO is not asked to make room', () => {
  const { pending, gone, come } = begin(2);
  const a = come('a');
  come('b');
  pending.delete(a);
  pending.delete(a);
  come('c');
  assert.equal(gone, [], 'there was room');
  come('d');
  assert.equal(gone, ['b'], 'who made room');
});

test('a flood from one address takes no place from another address', () => {
  const { gone, come } = begin(10);
  come('other', '10.0.0.2:1');
  for (let i = 0; i < 1_000; i++) come(`flood ${i}`);
  assert.not.ok(gone.includes('other'), 'a newcomer lost its place to a flood from elsewhere');
  assert.is(gone.length, 991);
});

test('places that come free are for all again', () => {
  const { pending, gone, come } = begin(4);
  const flood = ['a', 'b', 'c'].map((name) => come(name));
  for (const session of flood) pending.delete(session);
  for (const [i, name] of ['e', 'f', 'g', 'h', 'i'].entries()) come(name, `10.0.1.${i}:1`);
  assert.equal(gone, ['e'], 'the oldest of all');
});

for (const [address, peer] of [
  ['127.0.0.1:5000', '127.0.0.1'],
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:10.0.0.1:99', '10.0.0.1'],
  ['2001:db8:1:2:3:4:5:6:5000', '2001:db8:1:2'],
  ['2001:db8:1:2::9:5000', '2001:db8:1:2'],
  ['2001:db8::9:5000', '2001:db8:0:0'],
  ['::1:5000', '0:0:0:0'],
  [undefined, ''],
] as const) {
  test(`${address} is ${peer === '' ? 'nobody in particular' : peer}`, () =>
    assert.is(peerOf(address), peer));
}

test.run();

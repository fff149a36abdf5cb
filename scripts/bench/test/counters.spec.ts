import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type AdapterName, adapters } from '../load/adapters.ts';
import { FixedCounter } from '../load/fixed-counter.ts';
import { LeveretCounter, messages } from '../load/leveret.ts';

const PAYLOAD = Buffer.alloc(16, 'x');

/** What a broker of each protocol would send for one message: bytes written out by hand. */
const DELIVERIES: [AdapterName, string][] = [
  ['nats', `MSG bench 1 16\r\n${'x'.repeat(16)}\r\n`],
  ['redis', `*3\r\n$7\r\nmessage\r\n$5\r\nbench\r\n$16\r\n${'x'.repeat(16)}\r\n`],
  ['mqtt', `\x30\x17\x00\x05bench${'x'.repeat(16)}`],
];

const PUBLISHES: [AdapterName, string][] = [
  ['nats', `PUB bench 16\r\n${'x'.repeat(16)}\r\n`],
  ['redis', `*3\r\n$7\r\nPUBLISH\r\n$5\r\nbench\r\n$16\r\n${'x'.repeat(16)}\r\n`],
  ['mqtt', `\x30\x17\x00\x05bench${'x'.repeat(16)}`],
  [
    'leveret',
    `\x00\x00\x00\x23\x03\x00\x00\x00\x00\x05bench\x00\x01\x00\x00\x00\x00\x00\x10${'x'.repeat(16)}`,
  ],
];

function countInPieces(
  counter: { count(bytes: Buffer, length: number): number },
  all: Buffer,
  piece: number,
) {
  let total = 0;
  for (let at = 0; at < all.length; at += piece) {
    const bytes = all.subarray(at, at + piece);
    total += counter.count(bytes, bytes.length);
  }
  return total;
}

for (const [name, bytes] of PUBLISHES) {
  test(`${name}: publishes are these bytes, one after another`, () => {
    assert.is(adapters[name].publishes(PAYLOAD, 1).toString('latin1'), bytes);
    assert.is(adapters[name].publishes(PAYLOAD, 3).toString('latin1'), bytes.repeat(3));
  });
}

for (const [name, bytes] of DELIVERIES) {
  test(`${name}: 500 deliveries are counted, however they are cut`, () => {
    const all = Buffer.from(bytes.repeat(500), 'latin1');
    for (const piece of [1, 2, 7, bytes.length, bytes.length + 1, 1000, all.length]) {
      const counter = adapters[name].counter(16, () => {});
      assert.is(countInPieces(counter, all, piece), 500, `pieces of ${piece}`);
    }
  });

  test(`${name}: a delivery that is not whole is not counted`, () => {
    const counter = adapters[name].counter(16, () => {});
    const all = Buffer.from(bytes.repeat(100), 'latin1');
    assert.is(counter.count(all, all.length - 1), 99);
    assert.is(counter.count(all.subarray(-1), 1), 1);
  });

  test(`${name}: a stray byte between deliveries is an error, early and late`, () => {
    for (const before of [1, 200]) {
      const counter = adapters[name].counter(16, () => {});
      const all = Buffer.from(`${bytes.repeat(before)}?${bytes.repeat(10)}`, 'latin1');
      assert.throws(() => countInPieces(counter, all, bytes.length * 50), /neither a delivery nor a ping/);
    }
  });
}

test('nats: a PING between deliveries is answered, not counted, and moves nothing', () => {
  const delivery = `MSG bench 1 16\r\n${'x'.repeat(16)}\r\n`;
  const all = Buffer.from(`${delivery.repeat(150)}PING\r\n${delivery.repeat(50)}`);
  for (const piece of [1, 5, 36, 37, 999, all.length]) {
    let replies = '';
    const counter = adapters.nats.counter(16, (bytes) => {
      replies += bytes;
    });
    assert.is(countInPieces(counter, all, piece), 200, `pieces of ${piece}`);
    assert.is(replies, 'PONG\r\n', `pieces of ${piece}`);
  }
});

test('a counter of fixed sizes needs nothing but prefix and size', () => {
  const counter = new FixedCounter({ prefix: Buffer.from('>'), size: 3 }, () => {});
  assert.is(counter.count(Buffer.from('>ab>ab>a'), 8), 2);
});

/** Three frames of messages with ids 1 to 7, and a PONG and an OK between them. */
function leveretStream(): Buffer {
  const withId = (frame: Buffer, id: number) => {
    const copy = Buffer.from(frame);
    copy.writeBigUInt64BE(BigInt(id), 4 + 1 + 1 + 5);
    return copy;
  };
  return Buffer.concat([
    withId(messages('bench', PAYLOAD, 4), 1),
    Buffer.from([0, 0, 0, 2, 0x86, 7]),
    withId(messages('bench', PAYLOAD, 1), 5),
    Buffer.from([0, 0, 0, 5, 0x82, 0, 0, 0, 1]),
    Buffer.from([0, 0, 0, 1, 0x86]),
    withId(messages('bench', PAYLOAD, 2), 6),
  ]);
}

test('leveret: messages are counted by the headers of their frames, cut anywhere', () => {
  const all = leveretStream();
  for (let piece = 1; piece <= all.length; piece++) {
    assert.is(countInPieces(new LeveretCounter(), all, piece), 7, `pieces of ${piece}`);
  }
});

test('leveret: a frame counts when its last byte is here', () => {
  const all = leveretStream();
  const counter = new LeveretCounter();
  assert.is(counter.count(all, all.length - 1), 5);
  assert.is(counter.count(all.subarray(-1), 1), 2);
});

test('leveret: a gap, a doubled message, SKIPPED and ERROR fail the run', () => {
  const frame = messages('bench', PAYLOAD, 1);
  const later = Buffer.from(frame);
  later.writeBigUInt64BE(3n, 11);
  const feed = (bytes: Buffer) => new LeveretCounter().count(bytes, bytes.length);
  assert.throws(() => feed(Buffer.concat([frame, later])), /id 3 where 2 had to come/);
  assert.throws(() => feed(Buffer.concat([frame, frame])), /id 1 where 2 had to come/);
  assert.throws(() => feed(Buffer.from([0, 0, 0, 2, 0x87, 0])), /skipped/);
  assert.throws(() => feed(Buffer.from([0, 0, 0, 2, 0x85, 0])), /ERROR/);
});

test.run();

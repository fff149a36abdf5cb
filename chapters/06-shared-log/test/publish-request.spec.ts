import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PublishRequest } from '#log';
import { ProtocolError } from '#protocol/old';
import { records } from './support.ts';

function body(request: number, topic: string, count: number, bytes: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(request);
  head[4] = Buffer.byteLength(topic);
  const counted = Buffer.alloc(2);
  counted.writeUInt16BE(count);
  return Buffer.concat([head, Buffer.from(topic), counted, bytes]);
}

/** Read it in the middle of other bytes, as it lies in a chunk. */
function read(publish: PublishRequest, bytes: Buffer): number {
  const chunk = Buffer.concat([Buffer.alloc(3, 0xff), bytes, Buffer.alloc(9, 0xff)]);
  publish.read(chunk, 3, 3 + bytes.length);
  return 3;
}

test('every field, where it lies', () => {
  const publish = new PublishRequest();
  const bytes = records('abc', ['key', 'longer text'], '');
  const at = read(publish, body(0xffff_fffe, 'tøpic', 3, bytes));
  assert.is(publish.request, 0xffff_fffe);
  assert.is(publish.topicAt, at + 5);
  assert.is(publish.topicEnd, at + 11);
  assert.is(publish.count, 3);
  assert.is(publish.recordsAt, at + 13);
  assert.is(publish.keyed, true);
  assert.is(publish.longestKey, 3);
  assert.is(publish.longestRecord, 6 + 3 + 11);
});

test('nothing stays from the frame before', () => {
  const publish = new PublishRequest();
  read(publish, body(1, 't', 1, records(['key', 'x'.repeat(100)])));
  read(publish, body(2, 't', 1, records('y')));
  assert.is(publish.keyed, false);
  assert.is(publish.longestKey, 0);
  assert.is(publish.longestRecord, 7);
});

test('cut anywhere, or one byte too long, it is a bad frame', () => {
  const publish = new PublishRequest();
  const whole = body(7, 'topic', 2, records(['k', 'v'], 'text'));
  read(publish, whole);
  const bad: Buffer[] = [Buffer.concat([whole, Buffer.alloc(1)])];
  for (let length = 0; length < whole.length; length++) bad.push(whole.subarray(0, length));
  for (const bytes of bad) {
    try {
      read(publish, bytes);
      assert.unreachable(`${bytes.length} bytes were taken`);
    } catch (error) {
      assert.instance(error, ProtocolError);
      assert.is((error as ProtocolError).code, 'BAD_FRAME');
      assert.is((error as ProtocolError).fatal, true);
    }
  }
});

test('lengths of four gigabytes lead nowhere', () => {
  const publish = new PublishRequest();
  const whole = body(7, 't', 1, Buffer.from('ffffffffffff', 'hex'));
  assert.throws(() => read(publish, whole), /past the end/);
});

test('65,535 records', () => {
  const publish = new PublishRequest();
  read(publish, body(1, 't', 65_535, records(...Array.from({ length: 65_535 }, () => ''))));
  assert.is(publish.count, 65_535);
});

test.run();

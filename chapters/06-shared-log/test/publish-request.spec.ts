import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PublishRequest } from '#log';
import { ClientType, clientCodec } from '#protocol';
import { records } from './support.ts';

function body(request: number, topic: string, count: number, bytes: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(request);
  head[4] = Buffer.byteLength(topic);
  const counted = Buffer.alloc(2);
  counted.writeUInt16BE(count);
  return Buffer.concat([head, Buffer.from(topic), counted, bytes]);
}

/** Where it lies in its chunk. */
const AT = 3;

/** Reads it in the middle of other bytes, as it lies in a chunk. */
function read(publish: PublishRequest, bytes: Buffer): boolean {
  const chunk = Buffer.concat([Buffer.alloc(AT, 0xff), bytes, Buffer.alloc(9, 0xff)]);
  return publish.read(chunk, AT, AT + bytes.length);
}

test('every field, where it lies', () => {
  const publish = new PublishRequest();
  const bytes = records('abc', ['key', 'longer text'], '');
  assert.is(read(publish, body(0xffff_fffe, 'tøpic', 3, bytes)), true, 'it was refused');
  assert.is(publish.request, 0xffff_fffe, 'request');
  assert.is(publish.topicAt, AT + 5, 'where the name begins');
  assert.is(publish.topicEnd, AT + 11, 'where it ends');
  assert.is(publish.count, 3, 'count');
  assert.is(publish.recordsAt, AT + 13, 'where the records begin');
  assert.is(publish.longestKey, 3, 'longest key');
  assert.is(publish.longestRecord, 6 + 3 + 11, 'longest record');
});

test('nothing stays from the frame before', () => {
  const publish = new PublishRequest();
  read(publish, body(1, 't', 1, records(['key', 'x'.repeat(100)])));
  read(publish, body(2, 't', 1, records('y')));
  assert.is(publish.longestKey, 0, 'longest key');
  assert.is(publish.longestRecord, 7, 'longest record');
});

test('cut anywhere, or one byte too long, it is refused; the codec refuses the same', () => {
  const publish = new PublishRequest();
  const whole = body(7, 'topic', 2, records(['k', 'v'], 'text'));
  assert.is(read(publish, whole), true, 'the whole frame');
  const bad: Buffer[] = [Buffer.concat([whole, Buffer.alloc(1)])];
  for (let length = 0; length < whole.length; length++) bad.push(whole.subarray(0, length));
  for (const bytes of bad) {
    assert.is(read(publish, bytes), false, `${bytes.length} bytes were taken`);
    assert.throws(() => clientCodec.decode(ClientType.PUBLISH, bytes), isBadFrame, `${bytes.length} bytes`);
  }
});

test('lengths of four gigabytes lead nowhere', () => {
  const publish = new PublishRequest();
  assert.is(read(publish, body(7, 't', 1, Buffer.from('ffffffffffff', 'hex'))), false, 'a record of 4 GiB');
  const large = Buffer.concat([Buffer.from('0000ffffffff', 'hex'), records('a')]);
  assert.is(read(publish, body(7, 't', 2, large)), false, 'a record of 4 GiB before another one');
});

test('65,535 records', () => {
  const publish = new PublishRequest();
  const bytes = Buffer.alloc(6 * 65_535);
  assert.is(read(publish, body(1, 't', 65_535, bytes)), true, 'it was refused');
  assert.is(publish.count, 65_535, 'count');
});

function isBadFrame(error: Error): boolean {
  return 'code' in error && error.code === 'BAD_FRAME';
}

test.run();

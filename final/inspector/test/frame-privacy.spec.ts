/** What a viewer of frames may see of each type of frame, whole and cut off anywhere. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BROKER_FRAMES, brokerCodec, CLIENT_FRAMES, clientCodec, type FieldName } from '#protocol';
import { Access } from '../../broker/access/access.ts';
import { frameFor } from '../frame-privacy.ts';
import type { FrameState } from '../state.ts';

const privacy = suite('what frames show');

/** A value for each kind of field. */
const VALUES: Record<FieldName, unknown> = {
  u8: 1,
  u16: 2,
  u32: 3,
  u64: 4,
  text8: 'text',
  text16: 'longer text',
  version: 1,
  ping: Buffer.from('ping'),
  records: [{ key: 'key', payload: Buffer.from('payload') }],
};

/** All frames that have a topic, with the table's own names. */
const WITH_TOPIC = [CLIENT_FRAMES, BROKER_FRAMES].flatMap((table, i) =>
  Object.entries(table)
    .filter(([, { fields }]) => 'topic' in fields)
    .map(([name, { type, fields }]) => ({ name, type, fields, codec: i === 0 ? clientCodec : brokerCodec })),
);

function encode({ name, fields, codec }: (typeof WITH_TOPIC)[number], topic: string): Buffer {
  const values = Object.entries(fields).map(([field, kind]) => [
    field,
    field === 'topic' ? topic : VALUES[kind as FieldName],
  ]);
  return Buffer.from(codec.encode({ type: name, ...Object.fromEntries(values) } as never));
}

const everything = new Access().admit('');
const nothing = new Access({ anonymous: { publish: [], subscribe: [], manage: [] } }).admit('');

function look(bytes: Buffer, grants = everything, shown = bytes.length): FrameState & { text: string } {
  const direction = (bytes[4] ?? 0) < 0x80 ? 'in' : 'out';
  const type = bytes[4] ?? 0;
  const frame = { at: 0, connection: 1, name: '', direction, size: bytes.length, type } as const;
  const state = frameFor(grants, { ...frame, bytes: bytes.subarray(0, shown) });
  return { ...state, text: Buffer.from(state.bytes, 'base64').toString('latin1') };
}

assert.ok(WITH_TOPIC.length >= 7, 'the tables have frames with topics');

for (const frame of WITH_TOPIC) {
  const { name, fields } = frame;
  privacy(`${name}: an inbox is hidden from everybody, however much of the frame is there`, () => {
    const bytes = encode(frame, '_inbox.secret');
    assert.is(look(bytes).hidden, 'inbox', 'it is said that something is hidden');
    for (let shown = 5; shown <= bytes.length; shown++) {
      const { text } = look(bytes, everything, shown);
      assert.not.ok(/_inb|secret|payload|key/.test(text), `${shown} bytes show ${JSON.stringify(text)}`);
    }
  });

  privacy(`${name}: an ordinary topic is shown, and its messages to those who may read them`, () => {
    const bytes = encode(frame, 'news');
    assert.is(look(bytes).text, bytes.toString('latin1'), 'who may read everything sees everything');
    const { text, hidden } = look(bytes, nothing);
    if ('records' in fields) {
      assert.is(hidden, 'topic', 'it is said that something is hidden');
      assert.ok(text.endsWith('news'), 'the topic is shown, and nothing behind it');
    } else {
      assert.is(text, bytes.toString('latin1'), 'the rest is no secret');
    }
  });
}

privacy('an ERROR that names an inbox is shown without its reason', () => {
  const error = (reason: string) =>
    look(Buffer.from(brokerCodec.encode({ type: 'ERROR', request: 1, code: 8, reason })));
  assert.is(error('no permission to publish to "news"').hidden, undefined);
  const { text, hidden } = error('no permission to subscribe to "_inbox.secret"');
  assert.is(hidden, 'inbox', 'it is said that something is hidden');
  assert.is(text.length, 11, 'the request and the code are shown');
});

privacy('a topic that cannot be read hides itself and all behind it', () => {
  const bytes = Buffer.from(clientCodec.encode({ type: 'UNSUBSCRIBE', request: 1, topic: '_inbox.secret' }));
  bytes[9] = 200;
  assert.is(look(bytes).text.length, 9, 'only the request is shown');
  bytes[9] = 13;
  bytes[12] = 0xff;
  assert.is(look(bytes).text.length, 9, 'only the request is shown');
});

privacy.run();

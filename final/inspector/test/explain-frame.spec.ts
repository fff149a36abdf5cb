import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BrokerType, ClientType, ErrorCode } from '#protocol/old';
import { explainFrame } from '../page/explain-frame.ts';
import { ERROR_NAMES, LAYOUTS } from '../page/frame-layout.ts';

interface Vector {
  readonly name: string;
  readonly hex: string;
  readonly frame?: {
    readonly type: string;
    readonly topic?: string;
    readonly records?: readonly { payload: string }[];
  };
  readonly error?: string;
}

const path = new URL('../../../docs/protocol-vectors.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(path, 'utf8')) as { vectors: readonly Vector[] };
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

for (const { name, hex, frame } of vectors) {
  test(`each byte is explained once: ${name}`, () => {
    const bytes = bytesOf(hex);
    const explained = explainFrame(bytes);
    let at = 0;
    for (const { from, to } of explained.fields) {
      assert.is(from, at);
      assert.ok(to > from);
      at = to;
    }
    assert.is(at, bytes.length);
    if (frame === undefined) return;
    assert.is(explained.name, frame.type);
    assert.is(explained.topic, frame.topic);
    assert.equal(
      explained.fields.filter(({ kind }) => kind === 'bad' || kind === 'rest'),
      [],
    );
    const payloads = explained.fields.filter((field) => field.name.endsWith(': payload'));
    const given = (frame.records ?? []).filter(({ payload }) => payload !== '');
    assert.equal(
      payloads.map(({ from, to }) => Buffer.from(bytes.subarray(from, to)).toString('hex')),
      given.map(({ payload }) => payload),
    );
  });

  test(`however it is cut, what is there is explained: ${name}`, () => {
    const bytes = bytesOf(hex);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { fields } = explainFrame(bytes.subarray(0, cut), bytes.length);
      assert.is(fields.at(-1)?.to ?? 0, cut);
      if (frame !== undefined) assert.not.ok(fields.some(({ kind }) => kind === 'bad'));
    }
  });
}

test('a length that leads past the end is marked', () => {
  const { fields } = explainFrame(bytesOf('00000006 06 ff 61626364'));
  assert.is(fields.at(-1)?.kind, 'bad');
  assert.match(fields.at(-1)?.note ?? '', '255 bytes would lead past the end');
});

test('the layouts are those of the protocol', () => {
  const types = [...Object.entries(ClientType), ...Object.entries(BrokerType)];
  assert.equal(
    [...LAYOUTS].map(([type, { name }]) => [name, type]).sort(),
    types.map(([name, type]) => [name, type]).sort(),
  );
  assert.equal(
    [...ERROR_NAMES].map(([code, name]) => [name, code]),
    Object.entries(ErrorCode),
  );
});

test.run();

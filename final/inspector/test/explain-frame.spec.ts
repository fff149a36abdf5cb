import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BrokerType, ClientType } from '#protocol';
import { explainFrame } from '../explain/explain-frame.ts';

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
      assert.ok(to > from, `a field without bytes at ${from}`);
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
      if (frame === undefined) continue;
      assert.not.ok(
        fields.some(({ kind }) => kind === 'bad'),
        'a frame in order has no bad field',
      );
    }
  });
}

test('a length that leads past the end is marked', () => {
  const { fields } = explainFrame(bytesOf('00000006 06 ff 61626364'));
  assert.is(fields.at(-1)?.kind, 'bad');
  assert.match(fields.at(-1)?.note ?? '', '255 bytes would lead past the end');
});

test('every type of both tables has its name, and no other type has one', () => {
  const names = new Map<number, string>(
    [...Object.entries(ClientType), ...Object.entries(BrokerType)].map(([name, type]) => [type, name]),
  );
  for (let type = 0; type <= 0xff; type++) {
    const hex = type.toString(16).padStart(2, '0');
    const { name } = explainFrame(bytesOf(`00000001${hex}`));
    assert.is(name, names.get(type) ?? `type ${hex.toUpperCase()}`, `type ${hex}`);
  }
});

test('an error has its name, and a number of eight bytes is shown as it came', () => {
  const error = explainFrame(bytesOf('00000009 85 00000003 000c 0000'));
  assert.match(error.summary, 'INTERNAL', 'in the summary');
  assert.match(
    error.fields.find(({ name }) => name === 'code')?.note ?? '',
    'the connection ends',
    'in the note',
  );
  const lag = explainFrame(bytesOf('0000000d 88 00000010 ffffffffffffffff'));
  assert.is(lag.fields.at(-1)?.value, '18,446,744,073,709,551,615', 'all its digits');
});

test.run();

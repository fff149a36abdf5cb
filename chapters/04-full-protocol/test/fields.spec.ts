/** The fields that only this protocol has: version, ping and records, each through a cursor over its own bytes. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ByteCursor, type Field } from '#framing';
import { FIELDS, MAX_RECORDS, ProtocolError, recordSize, type WireRecord } from '#protocol';
import { fromHex, toHex } from './golden-vectors.ts';

function read<T>(field: Field<T>, hex: string): T {
  const from = new ByteCursor(fromHex(hex));
  const value = field.read(from);
  assert.is(from.left, 0, `${from.left} bytes are left unread`);
  return value;
}

/** The bytes that a field takes; as many as it says, or this throws. */
function write<T>(field: Field<T>, value: T): string {
  const to = new ByteCursor(new Uint8Array(field.size(value)));
  field.write(to, value);
  assert.is(to.left, 0, `size says ${field.size(value)} bytes, but ${to.left} of them are not written`);
  return toHex(to.bytes);
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return `${code}: ${message}`;
  }
  return 'nothing was thrown';
}

/** It must be refused in words like these; else what came is told. */
function isRefused(run: () => unknown, pattern: RegExp, what: string): void {
  const said = refusal(run);
  assert.ok(pattern.test(said), `${what}: awaited ${pattern}, but ${said}`);
}

const hi: WireRecord = { key: '', payload: fromHex('6869') };
const x: WireRecord = { key: 'k', payload: fromHex('78') };
const HEX = '0002 0000 00000002 6869 0001 00000001 6b 78';

const records = suite('records');

records('a record takes six bytes, its key and its payload', () => {
  assert.equal([recordSize(hi), recordSize(x)], [8, 8], 'two records');
  assert.is(recordSize({ key: '', payload: new Uint8Array() }), 6, 'an empty one');
});

records('are read as the protocol lays them out: both sizes, then the key, then the payload', () => {
  const value = read(FIELDS.records, HEX);
  assert.equal(
    value.map(({ key, payload }) => [key, toHex(payload)]),
    [
      ['', '6869'],
      ['k', '78'],
    ],
    'the two records of the example in docs/protocol.md',
  );
  assert.equal(read(FIELDS.records, '0000'), [], 'none');
});

records('are written as they are read', () => {
  assert.is(write(FIELDS.records, [hi, x]), HEX.replaceAll(' ', ''), 'the example in docs/protocol.md');
  assert.is(write(FIELDS.records, []), '0000', 'none');
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const key = String.fromCharCode(...bytes);
  const [back] = read(FIELDS.records, write(FIELDS.records, [{ key, payload: bytes }]));
  assert.is(back?.key, key, 'every byte of a key is the character with its number');
  assert.is(toHex(back?.payload ?? hi.payload), toHex(bytes), 'and every byte of a payload stays');
});

records('payloads are views into the bytes that came, keys are not', () => {
  const bytes = fromHex(HEX);
  const value = FIELDS.records.read(new ByteCursor(bytes));
  bytes.fill(0x7a);
  assert.is(toHex(value[0]?.payload ?? hi.payload), '7a7a', 'the payload lies in the bytes');
  assert.is(value[1]?.key, 'k', 'the key is a string of its own');
});

records('a size that leads past the end of the frame is refused', () => {
  for (const hex of [
    '',
    '00',
    '0001 00',
    '0001 0000 00000003 6869',
    '0001 0003 00000000 6869',
    '0002 0000 00000000',
  ]) {
    isRefused(() => FIELDS.records.read(new ByteCursor(fromHex(hex))), /^BAD_FRAME/, `bytes ${hex}`);
  }
});

records('a count that cannot be true is refused before the first record is looked at', () => {
  const attack = new ByteCursor(fromHex('ffff 000000000000'));
  isRefused(() => FIELDS.records.read(attack), /^BAD_FRAME.*65535/, 'the count that was claimed is named');
  assert.is(attack.left, 6, 'nothing behind the count has been read');
  const many = { key: '', payload: new Uint8Array() };
  const hex = write(
    FIELDS.records,
    Array.from({ length: MAX_RECORDS }, () => many),
  );
  assert.is(read(FIELDS.records, hex).length, 65_535, 'so many that do fit are read');
});

records.run();

const others = suite('version and ping');

others('a version is 1; another one is refused, and nothing behind it is looked at', () => {
  assert.is(read(FIELDS.version, '01'), 1, 'version 1');
  assert.is(write(FIELDS.version, 1), '01', 'is written as one byte');
  const from = new ByteCursor(fromHex('02 ff'));
  isRefused(() => FIELDS.version.read(from), /^BAD_VERSION.*2/, 'version 2');
  assert.is(from.left, 1, 'the byte behind it has not been read');
});

others('a ping is all that is left of the frame, at most 64 bytes', () => {
  for (const size of [0, 1, 64]) {
    const bytes = 'ab'.repeat(size);
    assert.is(toHex(read(FIELDS.ping, bytes)), bytes, `${size} bytes`);
    assert.is(write(FIELDS.ping, fromHex(bytes)), bytes, `${size} bytes, written`);
  }
  isRefused(() => read(FIELDS.ping, 'ab'.repeat(65)), /^BAD_FRAME.*65/, '65 bytes');
});

others('what is refused is an error with a number', () => {
  try {
    read(FIELDS.version, '02');
  } catch (error) {
    assert.instance(error, ProtocolError, 'a ProtocolError');
    return;
  }
  assert.unreachable('version 2 was taken');
});

others.run();

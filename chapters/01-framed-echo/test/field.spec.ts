import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ByteCursor, type Field, FrameError, numberField, OptionError, textField } from '#framing';
import { hex } from './raw-socket.ts';

const fields = suite('fields');

/** A value as its field writes it, into exactly as many bytes as it says that it takes. */
function written<T>(field: Field<T>, value: T): string {
  const to = new ByteCursor(new Uint8Array(field.size(value)));
  field.write(to, value);
  assert.is(to.left, 0, `${field.form} takes as many bytes as its size says`);
  return Buffer.from(to.bytes).toString('hex');
}

fields('numbers stand big-endian in as many bytes as their form says', () => {
  for (const [field, form, value, bytes] of [
    [numberField(1), 'u8', 7, '07'],
    [numberField(2), 'u16', 513, '0201'],
    [numberField(4), 'u32', 0x01020304, '01020304'],
    [numberField(8), 'u64', 2 ** 32 + 2, '0000000100000002'],
  ] as const) {
    assert.is(field.form, form, 'its form');
    assert.is(written(field, value), bytes, `${value} as ${form}`);
    assert.is(field.read(new ByteCursor(hex(bytes))), value, `${bytes} as ${form}`);
  }
});

fields('a text stands behind its length, which counts bytes and not characters', () => {
  for (const [field, form, value, bytes] of [
    [textField(1), 'text8', 'news', '04 6e657773'],
    [textField(2), 'text16', 'news', '0004 6e657773'],
    [textField(1), 'text8', 'зай', '06 d0b7d0b0d0b9'],
    [textField(1), 'text8', '', '00'],
  ] as const) {
    assert.is(field.form, form, 'its form');
    assert.is(written(field, value), hex(bytes).toString('hex'), `${JSON.stringify(value)} as ${form}`);
    assert.is(field.read(new ByteCursor(hex(bytes))), value, `${bytes} as ${form}`);
  }
});

fields('a text that is too long for its length is refused, and nothing is written', () => {
  const to = new ByteCursor(new Uint8Array(300));
  assert.throws(
    () => textField(1).write(to, 'x'.repeat(256)),
    (error: Error) => error instanceof OptionError,
    '256 bytes behind a length of one byte',
  );
  assert.is(to.at, 0, 'nothing was written');
});

fields('a length that leads past the end is BAD_FRAME, whatever it says', () => {
  for (const bytes of ['05 6e657773', 'ff', 'ff 00']) {
    assert.throws(
      () => textField(1).read(new ByteCursor(hex(bytes))),
      (error: Error) => error instanceof FrameError && error.code === 'BAD_FRAME',
      bytes,
    );
  }
});

fields('one field after the other', () => {
  const from = new ByteCursor(hex('07 04 6e657773 0102'));
  assert.equal(
    [numberField(1).read(from), textField(1).read(from), numberField(2).read(from), from.left],
    [7, 'news', 0x0102, 0],
    'a number, a text, a number, and nothing is left',
  );
});

fields.run();

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  decodeText,
  encodeText,
  FrameError,
  fromLatin1,
  OptionError,
  textSize,
  toHex,
  toLatin1,
} from '#framing';

const text = suite('text as bytes');

text('texts come back as they went, and their size is known before', () => {
  for (const sample of [
    '',
    'news',
    'зайчик',
    '\ufeffbom',
    'e\u0301 é',
    'a\0',
    '🐇 and more',
    '\u07ff\u0800',
    'x'.repeat(200),
  ]) {
    const bytes = encodeText(sample);
    assert.is(textSize(sample), bytes.length, `size of ${JSON.stringify(sample)}`);
    assert.is(decodeText(bytes), sample, 'as it went');
  }
});

text('bytes that are no UTF-8 are refused', () => {
  for (const hex of ['ff', '80', 'c080', 'c0af', 'eda080', '61c3', 'e28228', 'f4908080']) {
    assert.throws(
      () => decodeText(Buffer.from(hex, 'hex')),
      (error: Error) => error instanceof FrameError && error.code === 'BAD_TEXT',
      hex,
    );
  }
  assert.throws(
    () => encodeText('\udc00'),
    (error: Error) => error instanceof OptionError,
    'half of a surrogate pair',
  );
});

text('latin1 holds any byte', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  assert.equal(fromLatin1(toLatin1(bytes)), bytes, 'all 256');
});

text('hex has two digits for each byte', () => {
  assert.is(toHex(Uint8Array.of(0, 9, 10, 255)), '00090aff', 'four bytes');
  assert.is(toHex(new Uint8Array(0)), '', 'nothing');
});

text.run();

import * as assert from 'node:assert';
import fc from 'fast-check';
import { test } from 'uvu';
import { type DelimiterOptions, DelimiterReader } from '#connections';
import { LeveretError } from '#framing';

/** What a reader hands out for these chunks, and the code of its error if it throws one. */
function read(
  chunks: readonly (string | Buffer)[],
  options: DelimiterOptions = {},
): { pieces: string[]; error?: string } {
  const pieces: string[] = [];
  const reader = new DelimiterReader((piece) => pieces.push(piece.toString('latin1')), options);
  try {
    for (const chunk of chunks) reader.push(Buffer.from(chunk as string, 'latin1'));
  } catch (error) {
    assert.ok(error instanceof LeveretError, String(error));
    return { pieces, error: error.code };
  }
  return { pieces };
}

/** The text cut in two at every place, and into single characters. */
function* cuts(text: string): Generator<string[]> {
  for (let at = 0; at <= text.length; at++) yield [text.slice(0, at), text.slice(at)];
  yield [...text];
}

test('pieces come out the same wherever the stream is cut', () => {
  const cases: [string, string, string[]][] = [
    ['\n', 'one\ntwo\n\nthree\n', ['one', 'two', '', 'three']],
    ['\r\n', 'one\r\ntwo\rstill\n\r\n\r\n', ['one', 'two\rstill\n', '']],
    ['END', 'aENDbbENENDcEND', ['a', 'bbEN', 'c']],
    ['aab', 'aaabaab', ['a', '']],
    ['--', '-----x--', ['', '', '-x']],
  ];
  for (const [delimiter, text, pieces] of cases) {
    for (const chunks of cuts(text)) {
      assert.deepStrictEqual(read(chunks, { delimiter }), { pieces }, `cut as ${JSON.stringify(chunks)}`);
    }
  }
});

test('a piece as long as the limit passes, one byte more does not, wherever the stream is cut', () => {
  for (const delimiter of ['\n', '\r\n', '----']) {
    for (const chunks of cuts(`12345${delimiter}`)) {
      assert.deepStrictEqual(read(chunks, { delimiter, maxPieceBytes: 5 }), { pieces: ['12345'] });
    }
    for (const chunks of cuts(`ok${delimiter}123456${delimiter}`)) {
      const result = read(chunks, { delimiter, maxPieceBytes: 5 });
      assert.deepStrictEqual(
        result,
        { pieces: ['ok'], error: 'TOO_LARGE' },
        `cut as ${JSON.stringify(chunks)}`,
      );
    }
  }
});

test('a delimiter that never comes is noticed at the limit, not later', () => {
  const reader = new DelimiterReader(() => assert.fail('there is no piece'), {
    delimiter: '\r\n',
    maxPieceBytes: 1_000,
  });
  for (let sent = 0; sent < 1_001; sent++) reader.push(Buffer.from('x'));
  assert.throws(() => reader.push(Buffer.from('x')), { code: 'TOO_LARGE' });
  assert.throws(() => reader.push(Buffer.from('\r\n')), { code: 'TOO_LARGE' }, 'it stays failed');
});

test('random streams, cut at random, are cut like String.split does', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', ';'), maxLength: 60 });
  const delimiters = fc.constantFrom(';', 'ab', 'aa', 'aba', ';;a');
  fc.assert(
    fc.property(letters, delimiters, fc.array(fc.nat(60), { maxLength: 8 }), (text, delimiter, places) => {
      const at = [
        0,
        ...places.map((place) => Math.min(place, text.length)).sort((a, b) => a - b),
        text.length,
      ];
      const chunks = at.slice(1).map((end, index) => text.slice(at[index], end));
      assert.deepStrictEqual(read(chunks, { delimiter }), { pieces: text.split(delimiter).slice(0, -1) });
    }),
    { numRuns: 2_000 },
  );
});

test('a megabyte that comes byte by byte is put together without copying it again and again', () => {
  const size = 1_048_576;
  let length = -1;
  const reader = new DelimiterReader(
    (piece) => {
      length = piece.length;
    },
    { maxPieceBytes: size },
  );
  // Copying what is kept for each byte would move 550 GB here, and take minutes.
  const one = Buffer.from('x');
  for (let sent = 0; sent < size; sent++) reader.push(one);
  reader.push(Buffer.from('\n'));
  assert.strictEqual(length, size);
});

test('an end inside a piece is refused, an end after a delimiter is not', () => {
  const reader = new DelimiterReader(() => {});
  reader.end();
  reader.push(Buffer.from('a\nb'));
  assert.throws(() => reader.end(), { code: 'TRUNCATED' });
  reader.push(Buffer.from('c\n'));
  reader.end();
});

test('what is kept of a chunk does not keep the chunk', () => {
  const pieces: Buffer[] = [];
  const reader = new DelimiterReader((piece) => pieces.push(piece));
  const chunk = Buffer.from('begin');
  reader.push(chunk);
  chunk.fill('x');
  reader.push(Buffer.from('ning\n'));
  assert.strictEqual(String(pieces[0]), 'beginning', 'the chunk was only lent');
});

test('what the handler throws stops the reader for good', () => {
  const reader = new DelimiterReader(() => {
    throw new Error('enough');
  });
  assert.throws(() => reader.push(Buffer.from('a\nb\n')), /enough/);
  assert.throws(() => reader.push(Buffer.from('c\n')), /enough/);
});

test('options out of range are refused and quoted', () => {
  assert.throws(() => new DelimiterReader(() => {}, { delimiter: '' }), RangeError);
  for (const limit of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => new DelimiterReader(() => {}, { maxPieceBytes: limit }), new RegExp(`not ${limit}`));
  }
});

test.run();

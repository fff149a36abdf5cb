import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FrameReader } from '#framing';
import { cutAt, refusal } from './frames.ts';
import { hex } from './raw-socket.ts';

const ends = suite('frame reader: the end of the stream');

ends('an end anywhere inside a frame is TRUNCATED', () => {
  const frame = hex('00000003 01 6869');
  for (let cut = 1; cut < frame.length; cut++) {
    for (const chunks of [
      [frame.subarray(0, cut)],
      Array.from(frame.subarray(0, cut), (byte) => Buffer.of(byte)),
    ]) {
      const reader = new FrameReader(() => {});
      for (const chunk of chunks) reader.push(chunk);
      assert.is(reader.midFrame, true, `midFrame after ${cut} bytes`);
      assert.is(refusal(() => reader.end()).code, 'TRUNCATED', `after ${cut} bytes`);
    }
  }
});

ends('an end between frames, or before the first, is fine', () => {
  new FrameReader(() => {}).end();
  const reader = new FrameReader(() => {});
  for (const byte of hex('00000001 01')) reader.push(Buffer.of(byte));
  reader.end();
});

ends('a reader that failed stays failed', () => {
  const reader = new FrameReader(() => assert.unreachable('no frame after a failure'));
  const bad = refusal(() => reader.push(hex('00000000')));
  assert.is(
    refusal(() => reader.end()),
    bad,
    'an end after a bad frame tells of the bad frame',
  );
  const cut = new FrameReader(() => assert.unreachable('no frame after the end'));
  cut.push(hex('0000'));
  const truncated = refusal(() => cut.end());
  assert.is(
    refusal(() => cut.push(hex('0001 01'))),
    truncated,
    'a push after TRUNCATED',
  );
  assert.is(
    refusal(() => cut.end()),
    truncated,
    'a second end',
  );
});

ends('the message says how far into the frame the stream ended', () => {
  for (const [bytes, count] of [
    ['000000', 3],
    ['00000009', 4],
    ['00000009 01 68', 6],
  ] as const) {
    const reader = new FrameReader(() => {});
    reader.push(hex(bytes));
    assert.match(refusal(() => reader.end()).message, new RegExp(`\\b${count} bytes`), `after ${bytes}`);
  }
});

ends('a handler may learn that the stream has ended, and say so', () => {
  const frame = hex('00000003 01 6869');
  for (let cut = 1; cut < frame.length; cut++) {
    const seen: boolean[] = [];
    const reader = new FrameReader(() => {
      seen.push(reader.midFrame);
      // A handler may learn here that the stream has ended, and say so.
      reader.end();
    });
    for (const chunk of cutAt(frame, cut)) reader.push(chunk);
    assert.equal(seen, [false], `midFrame in the handler, cut after ${cut}`);
  }
});

ends.run();

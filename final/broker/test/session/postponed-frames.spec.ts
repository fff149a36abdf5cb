import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PostponedFrames } from '../../session/postponed-frames.ts';

test('frames come back as they came, in order, and are copies', () => {
  const postponed = new PostponedFrames();
  const bytes = Buffer.from('..hello..');
  postponed.add(7, bytes, 2, 7);
  postponed.add(9, bytes, 9, 9);
  const big = Buffer.alloc(100_000, 1);
  postponed.add(3, big, 10, 100_000);
  bytes.fill(0);
  big.fill(0);
  const seen: [number, number, number][] = [];
  const see = (type: number, chunk: Buffer, start: number, end: number): void => {
    seen.push([type, end - start, chunk[start] ?? -1]);
  };
  postponed.replay(see, () => seen.length === 2);
  assert.is(seen.length, 2, 'it goes on after it was told to stop');
  assert.not(postponed.isEmpty, 'what is left was dropped');
  postponed.replay(see, () => false);
  assert.ok(postponed.isEmpty, 'a frame is left');
  assert.equal(
    seen.map(([type, size]) => [type, size]),
    [
      [7, 5],
      [9, 0],
      [3, 99_990],
    ],
  );
  assert.is(seen[0]?.[2], 'h'.charCodeAt(0));
  assert.is(seen[2]?.[2], 1);
});

test.run();

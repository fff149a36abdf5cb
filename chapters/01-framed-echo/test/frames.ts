/** What the specs of this chapter share: frames made without the code that they test. */

import * as assert from 'uvu/assert';
import { FrameError, FrameReader, type LeveretError } from '#framing';

/** A frame by its shape alone. */
export interface Copied {
  readonly type: number;
  readonly length: number;
}

/** One frame as bytes, laid out here and not by the chapter's own code. */
export function frameBytes(type: number, body: Uint8Array): Buffer {
  const size = body.length + 1;
  return Buffer.concat([
    Buffer.of(size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255, type),
    body,
  ]);
}

/** Cuts a buffer after so many bytes. */
export function cutAt(stream: Buffer, ...cuts: number[]): Buffer[] {
  const ends = [...cuts, stream.length];
  return ends.map((end, index) => stream.subarray(index === 0 ? 0 : ends[index - 1], end));
}

/**
 * Reads chunks as frames, each shown as `type:body in hex`. Each chunk lies between bytes that are not its own
 * and is wiped afterwards, so a reader that looks beside it, or keeps what was lent, is found out.
 */
export function collect(chunks: readonly Buffer[], limit?: number): string[] {
  const frames: string[] = [];
  const reader = new FrameReader(
    (type, bytes, start, end) => frames.push(`${type}:${bytes.toString('hex', start, end)}`),
    limit === undefined ? {} : { limit },
  );
  for (const chunk of chunks) {
    const lent = Buffer.concat([Buffer.alloc(8, 0xee), chunk, Buffer.alloc(8, 0xee)]);
    reader.push(lent.subarray(8, 8 + chunk.length));
    lent.fill(0xdd);
  }
  reader.end();
  return frames;
}

/** The {@link FrameError} that something throws; anything else, or nothing, fails the test. */
export function refusal(action: () => void): LeveretError {
  try {
    action();
  } catch (error) {
    assert.instance(error, FrameError, 'what was thrown');
    return error as LeveretError;
  }
  throw new assert.Assertion({
    message: 'it should have thrown a FrameError',
    details: '',
    generated: false,
    operator: 'throws',
    expects: 'FrameError',
    actual: undefined,
  });
}

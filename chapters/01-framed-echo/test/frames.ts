/** What the specs of this chapter share: frames made without the code that they test. */

import * as assert from 'uvu/assert';
import { FrameError, type FrameHandler, FrameReader, type LeveretError } from '#framing';
import { hex } from './raw-socket.ts';

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

/** A stream as bytes, and the frames that are in it. Written by hand: no code of the chapter made them. */
export interface Fixture {
  readonly name: string;
  readonly stream: Buffer;
  readonly frames: readonly string[];
}

/** Streams that every reader must read, in whatever pieces they come. */
export const FIXTURES: readonly Fixture[] = [
  { name: 'nothing', stream: hex(''), frames: [] },
  { name: 'the smallest frame: a type and no body', stream: hex('00000001 07'), frames: ['7:'] },
  { name: 'a body', stream: hex('00000003 01 6869'), frames: ['1:6869'] },
  { name: 'type 0', stream: hex('00000002 00 ff'), frames: ['0:ff'] },
  { name: 'type 255', stream: hex('00000002 ff 00'), frames: ['255:00'] },
  {
    name: 'a body that looks like a header',
    stream: hex('00000005 01 00000001 00000002 02 05'),
    frames: ['1:00000001', '2:05'],
  },
  {
    name: 'three frames',
    stream: hex('00000001 01 00000002 02 aa 00000004 03 bbccdd'),
    frames: ['1:', '2:aa', '3:bbccdd'],
  },
  {
    name: 'a size that needs its second byte from the right',
    stream: Buffer.concat([hex('00000101 09'), Buffer.alloc(256, 0xab), hex('00000001 0a')]),
    frames: [`9:${'ab'.repeat(256)}`, '10:'],
  },
];

/** What {@link collect} reads with. */
export type MakeReader = (onFrame: FrameHandler) => { push(chunk: Buffer): void };

/**
 * Reads chunks as frames, each shown as `type:body in hex`. Each chunk lies between bytes that are not its own
 * and is wiped afterwards, so a reader that looks beside it, or keeps what was lent, is found out.
 */
export function collect(
  chunks: readonly Buffer[],
  make: MakeReader = (onFrame) => new FrameReader(onFrame),
): string[] {
  const frames: string[] = [];
  const reader = make((type, bytes, start, end) =>
    frames.push(`${type}:${bytes.toString('hex', start, end)}`),
  );
  for (const chunk of chunks) {
    const lent = Buffer.concat([Buffer.alloc(8, 0xee), chunk, Buffer.alloc(8, 0xee)]);
    reader.push(lent.subarray(8, 8 + chunk.length));
    lent.fill(0xdd);
  }
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

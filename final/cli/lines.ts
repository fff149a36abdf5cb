import { CommandError } from './exit-code.ts';

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * Cuts a stream into lines, as bytes and without their ends; the last needs none. Those of one chunk come together.
 *
 * @param limit - longest line, in bytes: what never ends would fill the memory
 */
export async function* readLines(
  stream: AsyncIterable<Buffer | string>,
  limit: number,
): AsyncGenerator<Buffer[], void, undefined> {
  let pieces: Buffer[] = [];
  let size = 0;
  const add = (piece: Buffer): void => {
    size += piece.length;
    if (size > limit + 1) {
      throw new CommandError(
        `a line is longer than the ${limit} bytes that this broker takes: cut it, or raise maxFrameSize`,
      );
    }
    pieces.push(piece);
  };
  const take = (): Buffer => {
    const line = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
    pieces = [];
    size = 0;
    return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
  };
  for await (const part of stream) {
    const chunk = typeof part === 'string' ? Buffer.from(part) : part;
    const lines: Buffer[] = [];
    let start = 0;
    for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, start)) {
      add(chunk.subarray(start, at));
      lines.push(take());
      start = at + 1;
    }
    if (lines.length > 0) yield lines;
    if (start < chunk.length) add(chunk.subarray(start));
  }
  if (size > 0) yield [take()];
}

/** Reads a stream to its end, as one message. */
export async function readAll(stream: AsyncIterable<Buffer | string>, limit: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const part of stream) {
    const chunk = typeof part === 'string' ? Buffer.from(part) : part;
    size += chunk.length;
    if (size > limit) {
      throw new CommandError(
        `the input is larger than the ${limit} bytes that this broker takes in one message`,
      );
    }
    pieces.push(chunk);
  }
  return Buffer.concat(pieces);
}

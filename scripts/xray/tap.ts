import { FrameReader, LeveretError } from '#framing';
import { brokerCodec, clientCodec } from '#protocol';

/** The largest frame that is looked into; what a proxy is in front of may allow more. */
const LIMIT = 0xffff_ffff;
/** Bytes of a frame that are kept for showing. */
const KEPT = 4_096;

/** A frame that went by. */
export interface TappedFrame {
  readonly direction: 'in' | 'out';
  /** Its first bytes, from the size on. */
  readonly bytes: Uint8Array;
  /** Bytes of the whole frame. */
  readonly size: number;
  /** What is wrong with it by the protocol; empty when nothing is. */
  readonly mistake: string;
}

/** What a tap tells of. */
export interface TapHandlers {
  frame(frame: TappedFrame): void;
  /** From here on the bytes are no frames any more. */
  broken(direction: 'in' | 'out', reason: string, bytes: Uint8Array): void;
}

/** Reads the frames out of one direction of a connection, as a copy: what it makes of them changes nothing. */
export class Tap {
  readonly #reader: FrameReader;
  readonly #direction: 'in' | 'out';
  readonly #handlers: TapHandlers;
  #broken = false;

  /**
   * @param direction - `in` for what a client sends
   * @param plain - true where frames hold whatever they like, as in chapters 1 to 3: then only their form is looked at
   */
  constructor(direction: 'in' | 'out', plain: boolean, handlers: TapHandlers) {
    this.#direction = direction;
    this.#handlers = handlers;
    this.#reader = new FrameReader(
      (type, bytes, start, end) => {
        const body = Buffer.from(bytes.subarray(start, Math.min(end, start + KEPT)));
        const mistake = plain ? '' : mistakeOf(direction, type, bytes, start, end);
        handlers.frame({
          direction,
          bytes: withHeader(type, body, end - start),
          size: end - start + 5,
          mistake,
        });
      },
      { limit: LIMIT },
    );
  }

  /** The next bytes. */
  push(chunk: Buffer): void {
    if (this.#broken) return;
    try {
      this.#reader.push(chunk);
    } catch (thrown) {
      this.#broken = true;
      this.#handlers.broken(this.#direction, reasonOf(thrown), chunk.subarray(0, KEPT));
    }
  }

  /** There are no more bytes. */
  end(): void {
    if (this.#broken || !this.#reader.midFrame) return;
    this.#handlers.broken(this.#direction, 'the connection ended in the middle of a frame', Buffer.alloc(0));
  }
}

function withHeader(type: number, body: Buffer, bodySize: number): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(bodySize + 1, 0);
  header[4] = type;
  return Buffer.concat([header, body]);
}

/** What the codec of the protocol says against a frame. */
function mistakeOf(direction: 'in' | 'out', type: number, bytes: Buffer, start: number, end: number): string {
  try {
    (direction === 'in' ? clientCodec : brokerCodec).decode(type, bytes, start, end);
    return '';
  } catch (thrown) {
    return reasonOf(thrown);
  }
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof LeveretError) return `${thrown.code}: ${thrown.message}`;
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * The frames of docs/protocol.md as a client needs them, on `Uint8Array` alone, so that the same code runs in a browser:
 * what it sends is laid out here, and what it gets is read here in place. Nothing else in the client knows an offset.
 */
import { LeveretError } from '#framing';
import { BrokerType, ClientType, MAX_ID, PROTOCOL_VERSION } from '#protocol/old';
import type { Platform } from './platform.ts';

/** Bytes of a frame before its body: `u32 size | u8 type`. */
export const FRAME_HEADER = 5;
/** Bytes of a record before its key and payload: `u16 keySize | u32 payloadSize`. */
export const RECORD_HEADER = 6;
/** Bytes of a MESSAGES frame that are neither its topic nor its records, as its size counts. */
export const MESSAGES_OVERHEAD = 12;

/** A number of two bytes. */
export function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

/** A number of four bytes. */
export function u32(bytes: Uint8Array, at: number): number {
  return (u16(bytes, at) * 0x1_0000 + u16(bytes, at + 2)) >>> 0;
}

/** A number of eight bytes. */
export function u64(bytes: Uint8Array, at: number): number {
  return u32(bytes, at) * 0x1_0000_0000 + u32(bytes, at + 4);
}

/** Writes a number of two bytes. */
export function putU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

/** Writes a number of four bytes. */
export function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

function putU64(bytes: Uint8Array, at: number, value: number): void {
  const id = Math.min(value, MAX_ID);
  putU32(bytes, at, Math.floor(id / 0x1_0000_0000));
  putU32(bytes, at + 4, (id % 0x1_0000_0000) | 0);
}

/** The offset behind the record at `at`, which was checked. */
export function skipRecord(bytes: Uint8Array, at: number): number {
  return at + RECORD_HEADER + u16(bytes, at) + u32(bytes, at + 2);
}

/**
 * The offset behind the record at `at`, which must end at `end` at the latest.
 *
 * @throws LeveretError BAD_BROKER
 */
export function recordEnd(bytes: Uint8Array, at: number, end: number): number {
  if (end - at >= RECORD_HEADER) {
    const next = skipRecord(bytes, at);
    if (next <= end) return next;
  }
  throw badBroker('a record beyond the end of its frame');
}

/** One field of a frame: a number with its width in bytes, a text with the width of its length, or bytes. */
type Field = readonly [number, 1 | 2 | 4 | 8] | readonly [string, 'text8' | 'text16'] | Uint8Array;

function frame(platform: Platform, type: number, ...fields: Field[]): Uint8Array {
  let size = FRAME_HEADER;
  for (const field of fields) {
    if (field instanceof Uint8Array) size += field.length;
    else if (typeof field[0] === 'number') size += field[1] as number;
    else size += platform.byteLength(field[0]) + (field[1] === 'text8' ? 1 : 2);
  }
  const bytes = platform.alloc(size);
  putU32(bytes, 0, size - 4);
  bytes[4] = type;
  let at = FRAME_HEADER;
  for (const field of fields) {
    if (field instanceof Uint8Array) {
      bytes.set(field, at);
      at += field.length;
    } else if (typeof field[0] === 'number') {
      const [value, width] = field as [number, 1 | 2 | 4 | 8];
      if (width === 1) bytes[at] = value;
      else if (width === 2) putU16(bytes, at, value);
      else if (width === 4) putU32(bytes, at, value);
      else putU64(bytes, at, value);
      at += width;
    } else {
      const [text, kind] = field as [string, 'text8' | 'text16'];
      const width = kind === 'text8' ? 1 : 2;
      const length = platform.encodeInto(text, bytes, at + width);
      if (width === 1) bytes[at] = length;
      else putU16(bytes, at, length);
      at += width + length;
    }
  }
  return bytes;
}

/** Lays out the frames that a client sends, other than PUBLISH. */
export class FrameMaker {
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  hello(name: string, token: string): Uint8Array {
    return frame(this.#platform, ClientType.HELLO, [PROTOCOL_VERSION, 1], [name, 'text8'], [token, 'text16']);
  }

  create(request: number, topic: string, retentionMs: number, dedupeMs: number): Uint8Array {
    const times = [
      [retentionMs, 4],
      [dedupeMs, 4],
    ] as const;
    return frame(this.#platform, ClientType.CREATE, [request, 4], [topic, 'text8'], ...times);
  }

  subscribe(
    request: number,
    topic: string,
    start: number,
    after: number,
    window: number,
    group: string,
  ): Uint8Array {
    return frame(
      this.#platform,
      ClientType.SUBSCRIBE,
      [request, 4],
      [topic, 'text8'],
      [start, 1],
      [after, 8],
      [window, 2],
      [group, 'text8'],
    );
  }

  unsubscribe(request: number, topic: string): Uint8Array {
    return frame(this.#platform, ClientType.UNSUBSCRIBE, [request, 4], [topic, 'text8']);
  }

  commit(topic: string, id: number): Uint8Array {
    return frame(this.#platform, ClientType.COMMIT, [topic, 'text8'], [id, 8]);
  }

  ping(): Uint8Array {
    return frame(this.#platform, ClientType.PING);
  }

  pong(bytes: Uint8Array): Uint8Array {
    return frame(this.#platform, ClientType.PONG, bytes);
  }

  lag(request: number): Uint8Array {
    return frame(this.#platform, ClientType.LAG, [request, 4]);
  }

  close(): Uint8Array {
    return frame(this.#platform, ClientType.CLOSE);
  }
}

/** A frame from the broker other than MESSAGES, read. */
export type Answer =
  | { type: typeof BrokerType.WELCOME; version: number; maxFrameSize: number; epoch: number; id: number }
  | { type: typeof BrokerType.OK; request: number }
  | { type: typeof BrokerType.PUBLISHED; request: number; firstId: number; count: number }
  | { type: typeof BrokerType.ERROR; request: number; code: number; reason: string }
  | { type: typeof BrokerType.PONG }
  | { type: typeof BrokerType.SKIPPED; topic: string; fromId: number; toId: number }
  | { type: typeof BrokerType.LAG; request: number; messages: number }
  | { type: typeof BrokerType.CLOSING; reason: string }
  | { type: typeof BrokerType.PING; bytes: Uint8Array };

/**
 * Reads a frame that is not MESSAGES.
 *
 * @throws LeveretError BAD_BROKER when it is not what docs/protocol.md says
 */
export function readAnswer(
  platform: Platform,
  type: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): Answer {
  const need = (size: number) => {
    if (end - start < size) throw badBroker(`a frame of type ${type} with ${end - start} bytes`);
  };
  const text = (at: number, width: 1 | 2) => {
    const length = width === 1 ? (bytes[at] as number) : u16(bytes, at);
    const from = at + width;
    need(from + length - start);
    return platform.decode(bytes, from, from + length);
  };
  switch (type) {
    case BrokerType.WELCOME:
      need(21);
      return {
        type,
        version: bytes[start] as number,
        id: u64(bytes, start + 1),
        maxFrameSize: u32(bytes, start + 9),
        epoch: u64(bytes, start + 13),
      };
    case BrokerType.OK:
      need(4);
      return { type, request: u32(bytes, start) };
    case BrokerType.PUBLISHED:
      need(14);
      return {
        type,
        request: u32(bytes, start),
        firstId: u64(bytes, start + 4),
        count: u16(bytes, start + 12),
      };
    case BrokerType.ERROR:
      need(8);
      return { type, request: u32(bytes, start), code: u16(bytes, start + 4), reason: text(start + 6, 2) };
    case BrokerType.PONG:
      return { type };
    case BrokerType.SKIPPED: {
      need(17);
      const topic = text(start, 1);
      const at = start + 1 + (bytes[start] as number);
      need(at + 16 - start);
      return { type, topic, fromId: u64(bytes, at), toId: u64(bytes, at + 8) };
    }
    case BrokerType.LAG:
      need(12);
      return { type, request: u32(bytes, start), messages: u64(bytes, start + 4) };
    case BrokerType.CLOSING:
      need(2);
      return { type, reason: text(start, 2) };
    case BrokerType.PING:
      return { type, bytes: bytes.slice(start, end) };
    default:
      throw badBroker(`a frame of the unknown type ${type}`);
  }
}

/** The error for what no broker sends. */
export function badBroker(what: string): LeveretError {
  return new LeveretError(
    'BAD_BROKER',
    `what came is not the leveret protocol: ${what}. Is this the port of a leveret broker?`,
  );
}

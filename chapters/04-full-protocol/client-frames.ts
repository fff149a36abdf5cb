import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { ClientType, MAX_PING_BYTES, PROTOCOL_VERSION } from './constants.ts';
import { ProtocolError } from './protocol-error.ts';
import { readRecords, recordsSize, type WireRecord, writeRecords } from './record.ts';

/** `01 HELLO`: `u8 version | text8 name | text16 token`. The first frame of every connection. */
export interface HelloFrame {
  readonly type: typeof ClientType.HELLO;
  readonly version: number;
  /** What the client calls itself, for logs; need not be unique. */
  readonly name: string;
  /** Secret that lets the client in; empty if none is asked for. */
  readonly token: string;
}

/** `02 CREATE`: `u32 request | text8 topic | u32 retentionMs | u32 dedupeMs`. */
export interface CreateFrame {
  readonly type: typeof ClientType.CREATE;
  readonly request: number;
  readonly topic: string;
  /** Milliseconds that messages are kept for subscribers to come; 0: only for those of the moment. */
  readonly retentionMs: number;
  /** Milliseconds in which a second message with the same key is dropped; 0: never. */
  readonly dedupeMs: number;
}

/** `03 PUBLISH`: `u32 request | text8 topic | u16 count | record...`. */
export interface PublishFrame {
  readonly type: typeof ClientType.PUBLISH;
  readonly request: number;
  readonly topic: string;
  readonly records: readonly WireRecord[];
}

/** `04 SUBSCRIBE`: `u32 request | text8 topic | u8 start | u64 after | u16 window | text8 group`. */
export interface SubscribeFrame {
  readonly type: typeof ClientType.SUBSCRIBE;
  readonly request: number;
  readonly topic: string;
  /** One of the values of `Start`; others are decoded too, and answered with BAD_REQUEST. */
  readonly start: number;
  /** For `Start.AFTER`: the last id that the client has. Otherwise ignored. */
  readonly after: number;
  /** Messages that may stand delivered and uncommitted; 0: no limit. */
  readonly window: number;
  readonly group: string;
}

/** `05 UNSUBSCRIBE`: `u32 request | text8 topic`. */
export interface UnsubscribeFrame {
  readonly type: typeof ClientType.UNSUBSCRIBE;
  readonly request: number;
  readonly topic: string;
}

/** `06 COMMIT`: `text8 topic | u64 id`. All messages up to this id have been dealt with. */
export interface CommitFrame {
  readonly type: typeof ClientType.COMMIT;
  readonly topic: string;
  readonly id: number;
}

/** `07 PING`: `bytes`, at most 64. */
export interface ClientPingFrame {
  readonly type: typeof ClientType.PING;
  /** After decoding a view: copy it to keep it. */
  readonly bytes: Buffer;
}

/** `08 LAG`: `u32 request`. */
export interface LagFrame {
  readonly type: typeof ClientType.LAG;
  readonly request: number;
}

/** `09 CLOSE`: no body. */
export interface CloseFrame {
  readonly type: typeof ClientType.CLOSE;
}

/** `0A PONG`: the bytes of the broker's PING. */
export interface ClientPongFrame {
  readonly type: typeof ClientType.PONG;
  /** After decoding a view: copy it to keep it. */
  readonly bytes: Buffer;
}

/** Every frame that a client may send, told apart by `type`. */
export type ClientFrame =
  | HelloFrame
  | CreateFrame
  | PublishFrame
  | SubscribeFrame
  | UnsubscribeFrame
  | CommitFrame
  | ClientPingFrame
  | LagFrame
  | CloseFrame
  | ClientPongFrame;

/**
 * Encode one frame of a client, header included.
 *
 * @throws RangeError if a value does not fit its field.
 */
export function encodeClientFrame(frame: ClientFrame): Buffer {
  switch (frame.type) {
    case ClientType.HELLO:
      return new ByteWriter(frame.type, 4 + 3 * (frame.name.length + frame.token.length))
        .u8(frame.version)
        .text8(frame.name)
        .text16(frame.token)
        .finish();
    case ClientType.CREATE:
      return new ByteWriter(frame.type, 13 + 3 * frame.topic.length)
        .u32(frame.request)
        .text8(frame.topic)
        .u32(frame.retentionMs)
        .u32(frame.dedupeMs)
        .finish();
    case ClientType.PUBLISH: {
      const size = 7 + 3 * frame.topic.length + recordsSize(frame.records);
      const writer = new ByteWriter(frame.type, size)
        .u32(frame.request)
        .text8(frame.topic)
        .u16(frame.records.length);
      writeRecords(writer, frame.records);
      return writer.finish();
    }
    case ClientType.SUBSCRIBE:
      return new ByteWriter(frame.type, 17 + 3 * (frame.topic.length + frame.group.length))
        .u32(frame.request)
        .text8(frame.topic)
        .u8(frame.start)
        .u64(frame.after)
        .u16(frame.window)
        .text8(frame.group)
        .finish();
    case ClientType.UNSUBSCRIBE:
      return new ByteWriter(frame.type, 5 + 3 * frame.topic.length)
        .u32(frame.request)
        .text8(frame.topic)
        .finish();
    case ClientType.COMMIT:
      return new ByteWriter(frame.type, 9 + 3 * frame.topic.length).text8(frame.topic).u64(frame.id).finish();
    case ClientType.PING:
    case ClientType.PONG:
      return new ByteWriter(frame.type, frame.bytes.length).bytes(frame.bytes).finish();
    case ClientType.LAG:
      return new ByteWriter(frame.type, 4).u32(frame.request).finish();
    case ClientType.CLOSE:
      return new ByteWriter(frame.type).finish();
  }
}

// #region decode
/**
 * Decode the body `bytes[start, end)` of a client's frame. Payloads and ping bytes are views into `bytes`;
 * strings are copies.
 *
 * @throws ProtocolError BAD_FRAME, UNKNOWN_TYPE, BAD_VERSION or BAD_TEXT, all fatal.
 */
export function decodeClientFrame(type: number, bytes: Buffer, start = 0, end = bytes.length): ClientFrame {
  const reader = new ByteReader(bytes, start, end);
  const frame = readClientBody(type, reader);
  reader.finish();
  return frame;
}
// #endregion decode

// #region bodies
function readClientBody(type: number, reader: ByteReader): ClientFrame {
  // The fields of an object literal are evaluated in the order in which they are written: the wire's order.
  switch (type) {
    case ClientType.HELLO:
      return { type, version: readVersion(reader), name: reader.text8(), token: reader.text16() };
    case ClientType.CREATE:
      return {
        type,
        request: reader.u32(),
        topic: reader.text8(),
        retentionMs: reader.u32(),
        dedupeMs: reader.u32(),
      };
    case ClientType.PUBLISH:
      return {
        type,
        request: reader.u32(),
        topic: reader.text8(),
        records: readRecords(reader, reader.u16()),
      };
    case ClientType.SUBSCRIBE:
      return {
        type,
        request: reader.u32(),
        topic: reader.text8(),
        start: reader.u8(),
        after: reader.u64(),
        window: reader.u16(),
        group: reader.text8(),
      };
    case ClientType.UNSUBSCRIBE:
      return { type, request: reader.u32(), topic: reader.text8() };
    case ClientType.COMMIT:
      return { type, topic: reader.text8(), id: reader.u64() };
    case ClientType.PING:
    case ClientType.PONG:
      return { type, bytes: readPingBytes(reader) };
    case ClientType.LAG:
      return { type, request: reader.u32() };
    case ClientType.CLOSE:
      return { type };
    default:
      throw new ProtocolError('UNKNOWN_TYPE', `a client sends no frame of type 0x${hexByte(type)}`);
  }
}
// #endregion bodies

// Before anything else of a HELLO: in another version its other fields may be others.
function readVersion(reader: ByteReader): number {
  const version = reader.u8();
  if (version !== PROTOCOL_VERSION) {
    throw new ProtocolError('BAD_VERSION', `version ${version}, but this broker speaks ${PROTOCOL_VERSION}`);
  }
  return version;
}

/** Read the bytes of a PING or PONG, as a view. */
export function readPingBytes(reader: ByteReader): Buffer {
  if (reader.remaining > MAX_PING_BYTES) {
    throw new ProtocolError(
      'BAD_FRAME',
      `a ping of ${reader.remaining} bytes, but ${MAX_PING_BYTES} are allowed`,
    );
  }
  return reader.rest();
}

/** Two hexadecimal digits. */
export function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0');
}

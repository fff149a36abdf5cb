import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { hexByte, readPingBytes } from './client-frames.ts';
import { BrokerType } from './constants.ts';
import { ProtocolError } from './protocol-error.ts';
import { readRecords, recordsSize, type WireRecord, writeRecords } from './record.ts';

/** `81 WELCOME`: `u8 version | u64 connectionId | u32 maxFrameSize | u64 epoch`. Answers HELLO. */
export interface WelcomeFrame {
  readonly type: typeof BrokerType.WELCOME;
  readonly version: number;
  /** Number of this connection, never given twice by one broker. */
  readonly connectionId: number;
  /** Largest frame, counted as its size field counts, that the broker takes and sends from now on. */
  readonly maxFrameSize: number;
  /** Number of this life of the broker's logs: ids of one epoch only can be compared. */
  readonly epoch: number;
}

/** `82 OK`: `u32 request`. */
export interface OkFrame {
  readonly type: typeof BrokerType.OK;
  readonly request: number;
}

/** `83 PUBLISHED`: `u32 request | u64 firstId | u16 count`. */
export interface PublishedFrame {
  readonly type: typeof BrokerType.PUBLISHED;
  readonly request: number;
  /** Id of the first message that was taken; 0 if none was. */
  readonly firstId: number;
  /** Messages that were taken: ids firstId to firstId + count - 1. */
  readonly count: number;
}

/** `84 MESSAGES`: `text8 topic | u64 firstId | u16 count | record...`, with ids that follow one another. */
export interface MessagesFrame {
  readonly type: typeof BrokerType.MESSAGES;
  readonly topic: string;
  readonly firstId: number;
  readonly records: readonly WireRecord[];
}

/** Size of a MESSAGES frame of this topic, as its size field counts, without its records. */
export function messagesOverhead(topic: string): number {
  return 12 + Buffer.byteLength(topic);
}

/** `85 ERROR`: `u32 request | u16 code | text16 reason`. */
export interface ErrorFrame {
  readonly type: typeof BrokerType.ERROR;
  /** The request that failed; 0 if the frame that failed had none. */
  readonly request: number;
  /** One of `ErrorCode`, or a number of a later version. */
  readonly code: number;
  /** For people; programs go by the code. */
  readonly reason: string;
}

/** `86 PONG`: the bytes of the client's PING. */
export interface BrokerPongFrame {
  readonly type: typeof BrokerType.PONG;
  /** After decoding a view: copy it to keep it. */
  readonly bytes: Buffer;
}

/** `87 SKIPPED`: `text8 topic | u64 fromId | u64 toId`, both included. */
export interface SkippedFrame {
  readonly type: typeof BrokerType.SKIPPED;
  readonly topic: string;
  readonly fromId: number;
  readonly toId: number;
}

/** `88 LAG`: `u32 request | u64 messages`. */
export interface LagAnswerFrame {
  readonly type: typeof BrokerType.LAG;
  readonly request: number;
  readonly messages: number;
}

/** `89 CLOSING`: `text16 reason`. The last frame of a connection that ends in order. */
export interface ClosingFrame {
  readonly type: typeof BrokerType.CLOSING;
  readonly reason: string;
}

/** `8A PING`: `bytes`, at most 64; the client answers with a PONG of the same bytes. */
export interface BrokerPingFrame {
  readonly type: typeof BrokerType.PING;
  /** After decoding a view: copy it to keep it. */
  readonly bytes: Buffer;
}

/** Every frame that a broker may send, told apart by `type`. */
export type BrokerFrame =
  | WelcomeFrame
  | OkFrame
  | PublishedFrame
  | MessagesFrame
  | ErrorFrame
  | BrokerPongFrame
  | SkippedFrame
  | LagAnswerFrame
  | ClosingFrame
  | BrokerPingFrame;

/**
 * Encode one frame of a broker, header included.
 *
 * @throws RangeError if a value does not fit its field.
 */
export function encodeBrokerFrame(frame: BrokerFrame): Buffer {
  switch (frame.type) {
    case BrokerType.WELCOME:
      return new ByteWriter(frame.type, 21)
        .u8(frame.version)
        .u64(frame.connectionId)
        .u32(frame.maxFrameSize)
        .u64(frame.epoch)
        .finish();
    case BrokerType.OK:
      return new ByteWriter(frame.type, 4).u32(frame.request).finish();
    case BrokerType.PUBLISHED:
      return new ByteWriter(frame.type, 14).u32(frame.request).u64(frame.firstId).u16(frame.count).finish();
    case BrokerType.MESSAGES: {
      const size = 11 + 3 * frame.topic.length + recordsSize(frame.records);
      const writer = new ByteWriter(frame.type, size)
        .text8(frame.topic)
        .u64(frame.firstId)
        .u16(frame.records.length);
      writeRecords(writer, frame.records);
      return writer.finish();
    }
    case BrokerType.ERROR:
      return new ByteWriter(frame.type, 8 + 3 * frame.reason.length)
        .u32(frame.request)
        .u16(frame.code)
        .text16(frame.reason)
        .finish();
    case BrokerType.PONG:
    case BrokerType.PING:
      return new ByteWriter(frame.type, frame.bytes.length).bytes(frame.bytes).finish();
    case BrokerType.SKIPPED:
      return new ByteWriter(frame.type, 17 + 3 * frame.topic.length)
        .text8(frame.topic)
        .u64(frame.fromId)
        .u64(frame.toId)
        .finish();
    case BrokerType.LAG:
      return new ByteWriter(frame.type, 12).u32(frame.request).u64(frame.messages).finish();
    case BrokerType.CLOSING:
      return new ByteWriter(frame.type, 2 + 3 * frame.reason.length).text16(frame.reason).finish();
  }
}

/**
 * Decode the body `bytes[start, end)` of a broker's frame. Payloads and ping bytes are views into `bytes`;
 * strings are copies.
 *
 * @throws ProtocolError BAD_FRAME, UNKNOWN_TYPE or BAD_TEXT: a client closes the connection then.
 */
export function decodeBrokerFrame(type: number, bytes: Buffer, start = 0, end = bytes.length): BrokerFrame {
  const reader = new ByteReader(bytes, start, end);
  const frame = readBrokerBody(type, reader);
  reader.finish();
  return frame;
}

function readBrokerBody(type: number, reader: ByteReader): BrokerFrame {
  switch (type) {
    case BrokerType.WELCOME:
      return {
        type,
        version: reader.u8(),
        connectionId: reader.u64(),
        maxFrameSize: reader.u32(),
        epoch: reader.u64(),
      };
    case BrokerType.OK:
      return { type, request: reader.u32() };
    case BrokerType.PUBLISHED:
      return { type, request: reader.u32(), firstId: reader.u64(), count: reader.u16() };
    case BrokerType.MESSAGES:
      return {
        type,
        topic: reader.text8(),
        firstId: reader.u64(),
        records: readRecords(reader, reader.u16()),
      };
    case BrokerType.ERROR:
      return { type, request: reader.u32(), code: reader.u16(), reason: reader.text16() };
    case BrokerType.PONG:
    case BrokerType.PING:
      return { type, bytes: readPingBytes(reader) };
    case BrokerType.SKIPPED:
      return { type, topic: reader.text8(), fromId: reader.u64(), toId: reader.u64() };
    case BrokerType.LAG:
      return { type, request: reader.u32(), messages: reader.u64() };
    case BrokerType.CLOSING:
      return { type, reason: reader.text16() };
    default:
      throw new ProtocolError('UNKNOWN_TYPE', `a broker sends no frame of type 0x${hexByte(type)}`);
  }
}

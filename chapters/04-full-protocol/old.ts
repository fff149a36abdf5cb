/**
 * The door of chapter 4: the protocol's codec, the first broker that speaks it, and a client library.
 *
 * @module
 */

export { checkExposure, isLoopback, Token } from './access.ts';
export * from './broker-frames.ts';
export { ByteReader } from './byte-reader.ts';
export { ByteWriter } from './byte-writer.ts';
export {
  type ClientFrame,
  type ClientPingFrame,
  type ClientPongFrame,
  type CloseFrame,
  type CommitFrame,
  type CreateFrame,
  decodeClientFrame,
  encodeClientFrame,
  type HelloFrame,
  type LagFrame,
  type PublishFrame,
  type SubscribeFrame,
  type UnsubscribeFrame,
} from './client-frames.ts';
export * from './constants.ts';
export { Deadlines, type Overdue } from './deadlines.ts';
export { bytesText, describeFrame, typeName } from './describe.ts';
export {
  errorName,
  isErrorName,
  isFatal,
  ProtocolError,
  type ProtocolErrorOptions,
} from './protocol-error.ts';
export {
  RECORD_HEADER_SIZE,
  readRecords,
  recordSize,
  recordsSize,
  type WireRecord,
  writeRecords,
} from './record.ts';
export { checkRequest, checkTopic, hasPattern, type RequestLimits } from './request-checks.ts';
export { TurnInbox } from './turn-inbox.ts';

/**
 * Chapter 1: frames. How messages are cut out of a stream of bytes. Nothing here opens a socket; what does is behind the
 * second door, `#framing/net`.
 *
 * @packageDocumentation
 */
export { ByteCursor, MAX_ID, type Width } from './byte-cursor.ts';
export { copyBytes, viewOf } from './copy-bytes.ts';
export { FrameError, type FrameErrorCode, LeveretError, OptionError, toLeveretError } from './errors.ts';
export { type Field, numberField, textField } from './field.ts';
export { checkSize, DEFAULT_FRAME_LIMIT, encodeFrame, type Frame, HEADER_SIZE, TYPE_SIZE } from './frame.ts';
export { checkLimit, type FrameHandler, FrameReader, type FrameReaderOptions } from './frame-reader.ts';
export { checkWhole, type Limit, MAX_TIMEOUT_MS, readLimits } from './limits.ts';
export { NaiveReader } from './naive-reader.ts';
export { decodeText, encodeText, fromLatin1, textSize, toHex, toLatin1 } from './text.ts';

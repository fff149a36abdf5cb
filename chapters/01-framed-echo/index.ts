/**
 * Chapter 1: frames. How messages are cut out of a stream of bytes, and a server that sends them back.
 *
 * @packageDocumentation
 */
export { type EchoServerOptions, startEchoServer } from './echo-server.ts';
export { FrameError, type FrameErrorCode, LeveretError } from './errors.ts';
export { checkSize, DEFAULT_FRAME_LIMIT, encodeFrame, type Frame, HEADER_SIZE, TYPE_SIZE } from './frame.ts';
export { FrameClient, type FrameClientOptions, openSocket } from './frame-client.ts';
export { checkLimit, type FrameHandler, FrameReader, type FrameReaderOptions } from './frame-reader.ts';
export {
  boundPort,
  checkPort,
  DEFAULT_HOST,
  type ListenOptions,
  listen,
  type RunningServer,
  type ServerOptions,
  startServer,
} from './server.ts';
export { closeSoon, FrameWriter, readFrames } from './socket-halves.ts';

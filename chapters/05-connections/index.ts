/**
 * Chapter 5, `#connections`: a table that holds very many connections, with ids, timeouts and status; and on it a
 * pipeline of events with bounded queues.
 *
 * @packageDocumentation
 */
export { CLOSE_REASONS, type CloseReason, type RefusalReason } from './close-reason.ts';
export {
  Connection,
  type ConnectionHandlers,
  type ConnectionHome,
  type ConnectionInfo,
} from './connection.ts';
export { formatId, newInstance, parseId } from './connection-id.ts';
export type { ConnectionStatus, EventLoopDelay } from './connection-status.ts';
export {
  ConnectionTable,
  type Listener,
  type TableHandlers,
  type TableListenOptions,
} from './connection-table.ts';
export { Deadline } from './deadline.ts';
export { type DelimiterOptions, DelimiterReader, type PieceHandler } from './delimiter-reader.ts';
export type { ConnectionState } from './life.ts';
export type { ConnectionOptions, ConnectionSettings, SocketOptions } from './options.ts';
export type { Cutting } from './piece-reader.ts';
export { Pipeline, type PipelineStatus, startPipeline } from './pipeline.ts';
export type { Closed, Opened, Received } from './pipeline-events.ts';
export type { PipelineLimits, PipelineOptions } from './pipeline-options.ts';
export { Line, type Work, WorkQueue } from './work-queue.ts';

/**
 * Chapter 5, `#connections`: a table that holds very many connections, with ids, timeouts and status; and on it a
 * pipeline of events with bounded queues.
 *
 * @packageDocumentation
 */
export { Activity, type Sight } from './activity.ts';
export { Connection, type ConnectionHandlers, type ConnectionHost } from './connection.ts';
export { formatId, newInstance, parseId } from './connection-id.ts';
export { CLOSE_REASONS, type CloseReason, type RefusalReason } from './connection-state.ts';
export * from './connection-table.ts';
export { Deadline } from './deadline.ts';
export * from './delimiter-reader.ts';
export * from './loop-clock.ts';
export {
  type ConnectionOptions,
  type ConnectionSettings,
  type SocketOptions,
  TIMEOUTS,
  type Timeouts,
} from './options.ts';
export * from './pipeline.ts';
export { Inbox, type Received, WorkQueue } from './work-queue.ts';

/**
 * Chapter 6: the log of one topic, and the cursors that read it. Messages are written once, in the form in which they go
 * out, and each reader is a place in that log. The broker that stands on it is behind `#log/broker`.
 *
 * @packageDocumentation
 */
export * from './log/cursor.ts';
export * from './log/message-frame.ts';
export * from './log/publish-request.ts';
export * from './log/segment.ts';
export * from './log/segment-log.ts';
export * from './log/segment-memory.ts';
export * from './log/window.ts';

/**
 * Chapter 6, the broker: sessions and requests of chapter 4 on a log for each topic.
 *
 * @packageDocumentation
 */
export * from './limits.ts';
export * from './log-engine.ts';
export * from './topic.ts';
export * from './turn-clock.ts';

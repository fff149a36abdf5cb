/**
 * Chapter 4, the wire: every frame of the protocol in one table, and what comes from it; and the table of what a broker
 * bounds. Pure: the same code runs in a browser. The broker is behind `#protocol/broker`, the client behind `#protocol/client`.
 *
 * @packageDocumentation
 */
export * from './broker/limits.ts';
export * from './wire/checks.ts';
export * from './wire/codec.ts';
export * from './wire/describe.ts';
export * from './wire/errors.ts';
export * from './wire/fields.ts';
export * from './wire/frames.ts';

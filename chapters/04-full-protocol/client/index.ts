/**
 * Chapter 4, the client: one connection to any broker of the course.
 *
 * @packageDocumentation
 */
export * from './client.ts';
export * from './subscription.ts';

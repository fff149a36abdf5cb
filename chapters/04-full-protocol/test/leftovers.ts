/** Ends what a test has opened, also where it failed: what stays open keeps the test run from ending. */
import { afterEach } from 'node:test';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  // Last opened, first closed: clients before their brokers.
  for (const close of closers.splice(0).reverse()) await close();
});

/** Have it closed when the test ends. Closing twice must do no harm. */
export function closing<T extends { close(): Promise<unknown> }>(opened: T): T {
  closers.push(() => opened.close());
  return opened;
}

import type { CloseReason } from './close-reason.ts';

/** Where a connection is in its life. */
export type ConnectionState = 'open' | 'closing' | 'closed';

/** The one tagged state of a connection: only an ending has a reason. */
export type Life =
  | { readonly tag: 'open' }
  | Ending<'closing'> // no more is written or handed over; what is queued may still go out until the deadline
  | Ending<'closed'>;

/** A connection that is ending, or has ended. */
export interface Ending<Tag> {
  readonly tag: Tag;
  readonly reason: CloseReason;
  readonly error: Error | undefined;
  /** When it is cut off, by the table's clock. */
  readonly deadline: number;
}

/** Shared by all that are open: being open takes no memory. */
export const OPEN: Life = { tag: 'open' };

import type { Cursor } from '#log';

/** A topic that holds publishers back, and the readers on whose account it does. */
export interface Hold {
  readonly blockers: Iterable<TopicReader>;
  /** A publisher is gone. */
  forget(publisher: Publisher): void;
}

/** A client that may wait as a publisher while others wait for it as a reader. */
export interface HeldClient {
  /** The topics that hold it as a publisher. */
  readonly heldBy: ReadonlySet<Hold>;
}

/** A client that publishes, and can be made to wait. */
export interface Publisher extends HeldClient {
  /** Read no more from it, until {@link Publisher.release} was called by all that hold it. */
  hold(by: Hold): void;
  /** This one does not hold it any more. */
  release(by: Hold): void;
}

/** A reader as monitors see it. */
export interface ReaderReport {
  readonly kind: 'client' | 'group';
  /** The client's or the group's name. */
  readonly name: string;
  /** Number of the connection; 0 for a group. */
  readonly connection: number;
  /** How many clients share the cursor. */
  readonly members: number;
  /** Messages delivered and not committed. */
  readonly uncommitted: number;
  /** How many of these there may be; 0 for no limit. */
  readonly window: number;
}

/** Whoever reads a topic's log with a cursor of its own: one client, or a group of them. */
export interface TopicReader {
  /** Its place in the log. */
  readonly cursor: Pick<Cursor, 'nextId'>;
  /** The oldest id that it may still need: it has not been sent it yet, or may have to send it again. */
  readonly neededFrom: number;
  /** True while its lag holds the topic's publishers back. */
  blocking: boolean;
  /** True while its lag is summed up with those of its client's other readers. */
  watched: boolean;
  /** True while these hold too much together, and it is one of the largest. */
  crowded: boolean;
  /** Those of its clients on whose account it lags. */
  readonly waitsFor: Iterable<HeldClient>;
  /** The clients that it reads for. */
  readonly clients: Iterable<HeldClient>;
  /** Messages that it has not sent yet. */
  readonly unread: number;
  /** Sends what there is, as far as its clients take it. */
  pump(): void;
  /** Goes past what it lags behind with: its clients will never get it, and are told so. */
  skipUnread(): void;
  /** Bytes that were published since it began to read and that it still needs. */
  readonly lagBytes: number;
  /** Messages that were. */
  readonly lagMessages: number;
  /** It lags too far behind: its clients are disconnected. */
  tooSlow(): void;
  /** Something in it has failed, which is no fault of its clients: they are disconnected. */
  fail(fault: unknown): void;
  /** The topic has let it go: it leaves the log, for good. */
  removed(): void;
  /** For monitors. */
  report(): ReaderReport;
}

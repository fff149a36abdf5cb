import { AsyncQueue, Queue } from '#topics';
import type { Connection } from './connection.ts';
import type { Cutting, PieceReader } from './delimiter-reader.ts';

/** A piece has arrived. Its bytes are yours. */
export interface Received {
  /** Of the connection that sent it. */
  readonly id: string;
  readonly bytes: Buffer;
}

/** The pieces of one connection that wait, in their order. */
export class Inbox extends Queue<Buffer> {
  readonly connection: Connection<Inbox>;
  /** Cuts what comes into pieces. */
  readonly reader: PieceReader;
  /** A consumer is at work on a piece of it. */
  busy = false;

  constructor(connection: Connection<Inbox>, cutting: Cutting, work: WorkQueue) {
    super();
    this.connection = connection;
    this.reader = cutting((piece) => work.push(this, piece));
  }
}

/** What a waiting piece costs beside its bytes: its place in the queue, its object and its view. */
const OVERHEAD = 128;

/**
 * Shares work among consumers. Each connection has its own inbox, and only one consumer at a time works on an inbox:
 * so the order within a connection holds however many consumers there are. The inboxes take turns: a connection that
 * sends much does not keep the others waiting.
 */
export class WorkQueue {
  // Invariant: an inbox stands in #ready once if it has pieces and is not busy, and else not at all.
  readonly #ready = new AsyncQueue<Inbox>();
  readonly #changed: (inbox: Inbox) => void;

  /** What waits in all inboxes together costs so many bytes of memory. */
  cost = 0;

  /** @param changed - told after a piece has come, and after one has been worked off */
  constructor(changed: (inbox: Inbox) => void = () => {}) {
    this.#changed = changed;
  }

  /** Adds a piece to an inbox. */
  push(inbox: Inbox, bytes: Buffer): void {
    inbox.push(bytes);
    this.cost += bytes.length + OVERHEAD;
    if (inbox.length === 1 && !inbox.busy) this.#ready.push(inbox);
    this.#changed(inbox);
  }

  /** Pieces for one consumer, who is at work on a piece until it asks for the next one. */
  // #region work
  async *[Symbol.asyncIterator](): AsyncGenerator<Received, void, undefined> {
    // step 5.6: hand out pieces, of each inbox one at a time
    for (let inbox = await this.#ready.take(); inbox !== undefined; inbox = await this.#ready.take()) {
      const bytes = inbox.shift() as Buffer; // by the invariant
      this.cost -= bytes.length + OVERHEAD;
      inbox.busy = true;
      try {
        yield { id: inbox.connection.id, bytes };
      } finally {
        inbox.busy = false;
        if (inbox.length > 0) this.#ready.push(inbox);
        this.#changed(inbox);
      }
    }
  }
  // #endregion work

  /** Consumers end when all that waits is taken. */
  close(): void {
    this.#ready.close();
  }
}

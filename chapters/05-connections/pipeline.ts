import { readLimits } from '#framing';
import { AsyncQueue } from '#topics';
import type { Connection } from './connection.ts';
import type { CloseReason } from './connection-state.ts';
import { ConnectionTable } from './connection-table.ts';
import type { Cutting } from './delimiter-reader.ts';
import type { ConnectionOptions } from './options.ts';
import { Inbox, type Received, WorkQueue } from './work-queue.ts';

/** A connection has been opened. */
export type Opened = Pick<Connection, 'id' | 'remoteAddress'>;

/** A connection has closed. Pieces that it sent before may still wait in `received()`. */
export interface Closed {
  readonly id: string;
  readonly reason: CloseReason;
  readonly error: Error | undefined;
}

/** The bounds of a pipeline. */
const LIMITS = {
  /** Bytes that may wait for consumers, 128 more for each piece. Beyond it, no socket is read. */
  queueBytes: { default: 16_777_216, min: 1, max: Number.MAX_SAFE_INTEGER },
  /** How many `opened` and how many `closed` events may wait. Beyond it, newcomers are turned away. */
  maxEvents: { default: 1_024, min: 1, max: Number.MAX_SAFE_INTEGER },
  /** Bytes that may wait for one peer to take them. Beyond it, the connection is closed as `slow`. */
  sendQueueBytes: { default: 16_777_216, min: 1, max: Number.MAX_SAFE_INTEGER },
};

/** Options of a pipeline: those of its table, its bounds, and its way of cutting. */
export interface PipelineOptions extends ConnectionOptions, Partial<Record<keyof typeof LIMITS, number>> {
  /** How what arrives is cut into pieces. @defaultValue not at all: pieces are chunks, as they come */
  readonly cutting?: Cutting;
}

/**
 * What a pipeline holds and has done: the status of its table; what is `waiting` for consumers (events, and the memory of
 * pieces); whether it has `paused`, as consumers are behind and no socket is read.
 */
export type PipelineStatus = ReturnType<Pipeline['status']>;

/**
 * Many connections as three streams of events, to be taken by as many consumers as you like, and commands by id.
 *
 * Consume all three. `received()` that nobody takes stops the reading of sockets; `opened()` or `closed()` that
 * nobody takes turns newcomers away: memory stays bounded either way.
 *
 * Source: the seed flamingo (RecvOpen, RecvData, RecvClose, SendData, SendClose).
 */
export class Pipeline {
  /** The table beneath: it listens, and leads from ids to connections (for their options and end, not for reading). */
  readonly table: ConnectionTable<Inbox>;
  readonly #limits: Record<keyof typeof LIMITS, number>;
  readonly #cutting: Cutting;
  readonly #opened = new AsyncQueue<Opened>();
  readonly #work = new WorkQueue((inbox) => this.#settle(inbox));
  readonly #closed = new AsyncQueue<Closed>();
  #paused = false;

  /** Connections as they open. Several loops share them. */
  readonly opened: AsyncIterable<Opened> = this.#opened;
  /**
   * Pieces as they arrive. Several loops share the work; the pieces of one connection come in their order, and the
   * next one only when the loop that has the last one asks for more.
   */
  readonly received: AsyncIterable<Received> = this.#work;
  /** Connections as they close, for whatever reason. Several loops share them. */
  readonly closed: AsyncIterable<Closed> = this.#closed;

  /** Makes a pipeline that does not listen yet. @throws OptionError for an option out of range */
  constructor(options: PipelineOptions = {}) {
    this.#limits = readLimits<keyof typeof LIMITS>(LIMITS, options);
    this.#cutting = options.cutting ?? ((onPiece) => ({ push: onPiece, end() {} }));
    this.table = new ConnectionTable<Inbox>(options, {
      opened: (connection) => this.#open(connection),
      received: ({ context }, chunk) => context?.reader.push(chunk),
      drained: ({ context }) => context && this.#steer(context),
      ended: ({ context }) => context && this.#end(context),
      closed: ({ id, context }, reason, error) => context && this.#closed.push({ id, reason, error }),
    });
  }

  /** Sends bytes. False when the connection is gone; never throws for that. */
  send(id: string, bytes: Uint8Array): boolean {
    const connection = this.table.get(id);
    if (connection?.context === undefined || connection.state !== 'open') return false;
    if (connection.write(bytes)) return true;
    const room = connection.queuedBytes <= this.#limits.sendQueueBytes;
    if (room) this.#steer(connection.context);
    else connection.destroy('slow');
    return room;
  }

  /** What this pipeline holds and has done so far. */
  status() {
    const waiting = {
      opened: this.#opened.length,
      receivedBytes: this.#work.cost,
      closed: this.#closed.length,
    };
    return { ...this.table.status(), waiting, paused: this.#paused };
  }

  /** Ends all connections (see `ConnectionTable.shutdown`); then the three streams end when they are empty. */
  async shutdown(options: { deadlineMs?: number } = {}): Promise<void> {
    await this.table.shutdown(options);
    for (const queue of [this.#opened, this.#work, this.#closed]) queue.close();
  }

  #open(connection: Connection<Inbox>): void {
    if (Math.max(this.#opened.length, this.#closed.length) >= this.#limits.maxEvents) {
      connection.destroy('denied');
      return;
    }
    connection.context = new Inbox(connection, this.#cutting, this.#work);
    this.#opened.push({ id: connection.id, remoteAddress: connection.remoteAddress });
    this.#steer(connection.context);
  }

  #end(inbox: Inbox): void {
    inbox.reader.end();
    this.#steer(inbox);
  }

  /** Decides anew who is read, after something came or went: nobody from a full queue until it is half empty. */
  // #region settle
  #settle(inbox: Inbox): void {
    // step 5.7: read no faster than the consumers take
    const { queueBytes } = this.#limits;
    const paused = this.#work.cost > (this.#paused ? queueBytes / 2 : queueBytes);
    const changed = paused !== this.#paused;
    this.#paused = paused;
    if (!changed) this.#steer(inbox);
    else for (const { context } of this.table) if (context !== undefined) this.#steer(context);
  }

  /** A connection is read on, or ends, when its pieces are worked off and its peer has taken what we sent. */
  #steer({ connection, length, busy }: Inbox): void {
    const { writableNeedDrain, readableEnded } = connection.stream;
    // Who does not take what we send is not read either: an echo would pile up here.
    const done = length === 0 && !busy && !writableNeedDrain;
    if (done && readableEnded) connection.end('peer');
    else if (done && !this.#paused) connection.resume();
    else connection.pause();
  }
  // #endregion settle
}

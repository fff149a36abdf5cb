import type { Connection } from './connection.ts';
import type { ConnectionStatus } from './connection-status.ts';
import { ConnectionTable, type Listener, type TableListenOptions } from './connection-table.ts';
import { EventQueue } from './event-queue.ts';
import { Intake } from './intake.ts';
import type { SocketOptions } from './options.ts';
import { type Cutting, createPieceReader } from './piece-reader.ts';
import type { Closed, Opened, Received } from './pipeline-events.ts';
import { type PipelineLimits, type PipelineOptions, readLimits } from './pipeline-options.ts';
import { WorkQueue } from './work-queue.ts';

/** What a pipeline holds and has done. */
export interface PipelineStatus extends ConnectionStatus {
  /** What waits for consumers: events, pieces, and the memory of those pieces in bytes. */
  readonly waiting: {
    readonly opened: number;
    readonly received: number;
    readonly receivedBytes: number;
    readonly closed: number;
  };
  /** True while no socket is read because consumers are behind. */
  readonly paused: boolean;
}

/**
 * Starts a server whose connections are worked with as three streams of events: see {@link Pipeline}.
 *
 * @throws RangeError for an option out of range
 * @throws LeveretError `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
 */
export async function startPipeline(options: PipelineOptions = {}): Promise<Pipeline> {
  const pipeline = new Pipeline(options);
  await pipeline.listen(options);
  return pipeline;
}

/**
 * Many connections as three streams of events, to be taken by as many consumers as you like, and two commands.
 *
 * Consume all three. `received()` that nobody takes stops the reading of sockets; `opened()` or `closed()` that
 * nobody takes turns newcomers away: memory stays bounded either way.
 *
 * Source: the seed flamingo (RecvOpen, RecvData, RecvClose, SendData, SendClose).
 */
export class Pipeline {
  readonly #table: ConnectionTable<Intake>;
  readonly #limits: Required<PipelineLimits>;
  readonly #cutting: Cutting;
  readonly #opened: EventQueue<Opened>;
  readonly #closed: EventQueue<Closed>;
  readonly #work = new WorkQueue<Received, Intake>();
  readonly #listeners: Listener[] = [];
  #paused = false;

  /** Makes a pipeline that does not listen yet. @throws RangeError for an option out of range */
  constructor(options: PipelineOptions = {}) {
    this.#limits = readLimits(options);
    this.#cutting = options.cutting ?? 'raw';
    createPieceReader(this.#cutting, () => {}); // its options are checked now, not at the first connection
    this.#opened = new EventQueue(this.#limits.eventQueue);
    this.#closed = new EventQueue(this.#limits.eventQueue);
    this.#table = new ConnectionTable<Intake>(options, {
      opened: (connection) => this.#open(connection),
      received: ({ context }, chunk) => context && this.#receive(context, chunk),
      drained: ({ context }) => context && this.#drain(context),
      ended: ({ context }) => context && this.#end(context),
      closed: ({ context }, reason, error) => context && this.#closed.push({ id: context.id, reason, error }),
      swept: (now) => this.#checkDeadlines(now),
    });
  }

  /** The address of the first listener. */
  get host(): string {
    return this.#listeners[0]?.host ?? '';
  }

  /** The port of the first listener; 0 before the first. */
  get port(): number {
    return this.#listeners[0]?.port ?? 0;
  }

  /**
   * Listens on one more address.
   *
   * @throws LeveretError `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
   */
  async listen(options: TableListenOptions = {}): Promise<Listener> {
    const listener = await this.#table.listen(options);
    this.#listeners.push(listener);
    return listener;
  }

  /** Connections as they open. Several loops share them. */
  opened(): AsyncGenerator<Opened, void, undefined> {
    return this.#opened[Symbol.asyncIterator]();
  }

  /**
   * Pieces as they arrive. Several loops share the work; the pieces of one connection come in their order, and the
   * next one only when the loop that has the last one asks for more.
   */
  async *received(): AsyncGenerator<Received, void, undefined> {
    let mine: Intake | undefined;
    try {
      for (;;) {
        const next = await this.#work.take();
        if (next === undefined) return;
        mine = next.line;
        this.#settle(mine);
        yield next.work;
        this.#release(mine);
        mine = undefined;
      }
    } finally {
      if (mine !== undefined) this.#release(mine);
    }
  }

  /** Connections as they close, for whatever reason. Several loops share them. */
  closed(): AsyncGenerator<Closed, void, undefined> {
    return this.#closed[Symbol.asyncIterator]();
  }

  /** Sends bytes. False when the connection is gone; never throws for that. */
  send(id: string, bytes: Uint8Array): boolean {
    const connection = this.#table.get(id);
    if (connection?.state !== 'open') return false;
    if (connection.write(bytes)) return true;
    if (connection.queuedBytes > this.#limits.sendQueueBytes) {
      connection.destroy('slow');
      return false;
    }
    // Who does not take what we send is not read either: an echo would pile up here.
    if (connection.context !== undefined) {
      connection.context.blocked = true;
      this.#settle(connection.context);
    }
    return true;
  }

  /** Ends a connection in good order. False when it was gone already. */
  close(id: string): boolean {
    return this.#table.close(id, 'local');
  }

  /** Sets options of one connection. False when it is gone. */
  setOptions(id: string, options: SocketOptions): boolean {
    return this.#table.setOptions(id, options);
  }

  /** What this pipeline holds and has done so far. */
  status(): PipelineStatus {
    const waiting = {
      opened: this.#opened.size,
      received: this.#work.size,
      receivedBytes: this.#work.cost,
      closed: this.#closed.size,
    };
    return { ...this.#table.status(), waiting, paused: this.#paused };
  }

  /** Ends all connections (see `ConnectionTable.shutdown`); then the three streams end when they are empty. */
  async shutdown(options: { deadline?: number } = {}): Promise<void> {
    await this.#table.shutdown(options);
    this.#opened.close();
    this.#work.close();
    this.#closed.close();
  }

  #open(connection: Connection<Intake>): void {
    if (this.#opened.full || this.#closed.full) {
      connection.destroy('denied');
      return;
    }
    const intake = new Intake(connection, this.#cutting, this.#work);
    connection.context = intake;
    this.#opened.push({ id: intake.id, remoteAddress: connection.remoteAddress });
    this.#steer(intake);
  }

  #receive(intake: Intake, chunk: Buffer): void {
    try {
      intake.reader.push(chunk);
    } finally {
      this.#settle(intake);
    }
  }

  #drain(intake: Intake): void {
    intake.blocked = false;
    this.#settle(intake);
  }

  #end(intake: Intake): void {
    intake.reader.end();
    intake.ended = true;
    this.#endIfDone(intake);
  }

  #release(intake: Intake): void {
    this.#work.release(intake);
    this.#endIfDone(intake);
  }

  #endIfDone(intake: Intake): void {
    if (intake.ended && !intake.busy && intake.size === 0) intake.connection.end('peer');
  }

  /** Decides anew who is read, after something came or went. It stops at a limit and goes on at half of it. */
  // #region settle
  #settle(intake: Intake): void {
    // task 5.7: read no faster than the consumers take
    const { queueBytes, connectionQueueBytes } = this.#limits;
    const mark = intake.paused ? connectionQueueBytes / 2 : connectionQueueBytes;
    intake.paused = intake.blocked || intake.cost > mark;
    const paused = this.#work.cost > (this.#paused ? queueBytes / 2 : queueBytes);
    if (paused === this.#paused) {
      this.#steer(intake);
      return;
    }
    this.#paused = paused;
    for (const { context } of this.#table) if (context !== undefined) this.#steer(context);
  }

  #steer(intake: Intake): void {
    if (this.#paused || intake.paused) intake.connection.pause();
    else intake.connection.resume();
  }
  // #endregion settle

  #checkDeadlines(now: number): void {
    const { pieceTimeout } = this.#limits;
    if (pieceTimeout === 0) return;
    for (const { context } of this.#table) {
      if (context === undefined) continue;
      const reading = !this.#paused && !context.paused;
      if (context.standstill(now, reading) >= pieceTimeout) context.connection.destroy('deadline');
    }
  }
}

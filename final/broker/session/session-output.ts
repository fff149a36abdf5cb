import type { Connection } from '#connections';
import { type BrokerFrame, brokerCodec } from '#protocol';
import type { Resumable } from '../delivery/subscription.ts';
import type { BufferedMemory } from '../memory/buffered-memory.ts';
import type { FrameTrace } from './frame-trace.ts';
import { Outbox, type OutboxHost } from './outbox.ts';
import type { ReadPause } from './read-pause.ts';

/** What all {@link SessionOutput}s need of the broker. */
export interface OutputSettings {
  readonly limits: { readonly highWaterBytes: number };
  readonly scheduler: OutboxHost;
  readonly trace: FrameTrace;
  /** What is buffered for all clients. */
  readonly buffered: Pick<BufferedMemory, 'grew'>;
}

/** What goes out to one client: the half of a session that answers, and that delivers for its subscriptions. */
export abstract class SessionOutput {
  readonly connection: Connection<unknown>;
  readonly outbox: Outbox;
  /** What the client calls itself. */
  name = '';
  /** Whether, and why, it is not read from. */
  abstract readonly readPause: ReadPause;
  /** Whether nothing of it is served, and nothing sent to it, any more. */
  abstract readonly isClosing: boolean;

  readonly #settings: OutputSettings;
  // Made when first needed: there may be very many idle sessions.
  #waiting: Set<Resumable> | undefined;

  constructor(settings: OutputSettings, connection: Connection<unknown>) {
    this.#settings = settings;
    this.connection = connection;
    this.outbox = new Outbox(connection, settings.scheduler, settings.buffered);
  }

  /** Number of its connection. */
  get number(): number {
    return this.connection.number;
  }

  /** Sends a frame that is for this client alone. Who does not read its answers is not read from. */
  answer(frame: BrokerFrame): void {
    if (this.isClosing) return;
    this.send(brokerCodec.encode(frame));
    // Only a full connection says when it has room again.
    if (this.outbox.full && this.outbox.queuedBytes > this.#settings.limits.highWaterBytes) {
      this.readPause.answersBuffered();
    }
  }

  answerOk(request: number): void {
    if (request !== 0) this.answer({ type: 'OK', request });
  }

  get full(): boolean {
    return this.outbox.full;
  }

  send(frames: Uint8Array): boolean {
    if (this.#settings.trace.on) this.#settings.trace.framesOut(this, frames);
    return this.outbox.send(frames);
  }

  resumeLater(reader: Resumable): void {
    this.#waiting ??= new Set();
    this.#waiting.add(reader);
  }

  forget(reader: Resumable): void {
    this.#waiting?.delete(reader);
  }

  /** The connection takes more again. */
  drained(): void {
    this.outbox.full = false;
    this.readPause.drained();
    // One that fills the connection again goes to the end of the line, so that all have their turn.
    for (const reader of this.#waiting ?? []) {
      if (this.outbox.full) break;
      this.#waiting?.delete(reader);
      reader.resume();
    }
  }

  /** Nothing more is delivered: what was collected goes out. */
  protected finishOutput(): void {
    this.#waiting = undefined;
    this.outbox.flush();
  }
}

import type { SlowPolicy } from '../limits.ts';
import type { ConnectionLags } from '../memory/connection-lags.ts';
import { breakDeadlock } from './deadlock.ts';
import type { Hold, Publisher, TopicReader } from './topic-reader.ts';

/** The limits of a reader's lag, and what is done beyond them. */
export interface LagLimits {
  readonly maxLagBytes: number;
  readonly maxLagMessages: number;
  readonly slowPolicy: SlowPolicy;
}

/** What {@link SlowReaders} needs of the broker. */
export interface SlowReadersHost {
  readonly limits: LagLimits;
  /** `pressed` while all topics together hold so much that readers must go on. */
  readonly memory: { readonly pressed: boolean };
  /** Sums up the lags of each client. */
  readonly lags: ConnectionLags;
}

/** A lag that holds publishers back must fall to this share of its limit before they go on. */
const RELEASE_SHARE = 0.5;

/**
 * What a topic does about readers that lag beyond their limit. Publishing itself never waits for anybody; under
 * the policy `block` it is the publishers' sockets that are not read while a reader lags.
 */
export class SlowReaders implements Hold {
  readonly #limits: LagLimits;
  readonly #host: SlowReadersHost;
  // Both made when first needed: a healthy topic has neither.
  #blockers: Set<TopicReader> | undefined;
  #held: Set<Publisher> | undefined;

  constructor(host: SlowReadersHost) {
    this.#limits = host.limits;
    this.#host = host;
  }

  /** True while publishers must wait. */
  get blocked(): boolean {
    return this.#blockers !== undefined && this.#blockers.size > 0;
  }

  /** The readers that publishers wait for. */
  get blockers(): Iterable<TopicReader> {
    return this.#blockers ?? [];
  }

  /** A reader could not be given all there is: is it still within its limit? */
  check(reader: TopicReader): void {
    const { maxLagBytes, maxLagMessages } = this.#limits;
    if (!reader.watched) this.#host.lags.watch(reader, this);
    if (reader.lagBytes > maxLagBytes || reader.lagMessages > maxLagMessages) this.overdue(reader);
    else if (reader.blocking && !this.#lagsMuch(reader)) this.release(reader);
  }

  /** A reader lags too far, by itself or together with its client's others: does what the policy says. */
  overdue(reader: TopicReader): void {
    const { slowPolicy } = this.#limits;
    if (slowPolicy === 'disconnect') reader.tooSlow();
    else if (slowPolicy === 'skip') reader.skipUnread();
    else this.#block(reader);
  }

  /**
   * All topics together hold too much, and this reader still needs the oldest here.
   *
   * @returns true when publishers wait for it now; false when the oldest may go
   */
  press(reader: TopicReader): boolean {
    const { slowPolicy } = this.#limits;
    if (slowPolicy === 'disconnect') reader.tooSlow();
    if (slowPolicy !== 'block') return false;
    this.#block(reader);
    return reader.blocking;
  }

  /** Called from time to time: publishers need not wait for readers that lag little, once there is room again. */
  review(): void {
    for (const reader of this.#blockers ?? []) this.check(reader);
  }

  /** A publisher has published here: it waits if the topic is blocked. */
  published(publisher: Publisher): void {
    if (!this.blocked || this.#held?.has(publisher)) return;
    this.#held ??= new Set();
    this.#held.add(publisher);
    publisher.hold(this);
    breakDeadlock(publisher);
  }

  /** A publisher is gone. */
  forget(publisher: Publisher): void {
    this.#held?.delete(publisher);
  }

  /** A reader has caught up, or left. */
  release(reader: TopicReader): void {
    if (!reader.blocking) return;
    reader.blocking = false;
    this.#blockers?.delete(reader);
    if (this.blocked) return;
    const held = this.#held;
    this.#held = undefined;
    for (const publisher of held ?? []) publisher.release(this);
  }

  #block(reader: TopicReader): void {
    if (reader.blocking) return;
    reader.blocking = true;
    this.#blockers ??= new Set();
    this.#blockers.add(reader);
    for (const client of reader.waitsFor) breakDeadlock(client);
  }

  #lagsMuch(reader: TopicReader): boolean {
    const { maxLagBytes, maxLagMessages } = this.#limits;
    if (reader.lagBytes > 0 && (reader.crowded || this.#host.memory.pressed)) return true;
    if (reader.lagBytes > maxLagBytes * RELEASE_SHARE) return true;
    return reader.lagMessages > maxLagMessages * RELEASE_SHARE;
  }
}

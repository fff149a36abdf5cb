import type { SlowPolicy } from '../limits.ts';
import { breakDeadlock } from './deadlock.ts';
import type { Hold, Publisher, TopicReader } from './topic-reader.ts';

/** The limits of a reader's lag, and what is done beyond them. */
export interface LagLimits {
  readonly maxLagBytes: number;
  readonly maxLagMessages: number;
  readonly slowPolicy: SlowPolicy;
}

/** A lag that holds publishers back must fall to this share of its limit before they go on. */
const RELEASE_SHARE = 0.5;

/**
 * What a topic does about readers that lag beyond their limit. Publishing itself never waits for anybody; under
 * the policy `block` it is the publishers' sockets that are not read while a reader lags.
 */
export class SlowReaders implements Hold {
  readonly #limits: LagLimits;
  // Both made when first needed: a healthy topic has neither.
  #blockers: Set<TopicReader> | undefined;
  #held: Set<Publisher> | undefined;

  constructor(limits: LagLimits) {
    this.#limits = limits;
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
    const { maxLagBytes, maxLagMessages, slowPolicy } = this.#limits;
    if (reader.lagBytes <= maxLagBytes && reader.lagMessages <= maxLagMessages) {
      if (reader.blocking && !this.#lagsMuch(reader)) this.release(reader);
      return;
    }
    if (slowPolicy === 'disconnect') {
      reader.tooSlow();
    } else if (slowPolicy === 'skip') {
      reader.skipUnread();
    } else if (!reader.blocking) {
      reader.blocking = true;
      this.#blockers ??= new Set();
      this.#blockers.add(reader);
      for (const client of reader.clients) breakDeadlock(client);
    }
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

  #lagsMuch(reader: TopicReader): boolean {
    const { maxLagBytes, maxLagMessages } = this.#limits;
    if (reader.lagBytes > maxLagBytes * RELEASE_SHARE) return true;
    return reader.lagMessages > maxLagMessages * RELEASE_SHARE;
  }
}

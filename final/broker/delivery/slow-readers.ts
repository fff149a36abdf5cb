import type { LogLimits } from '../limits.ts';
import type { TopicReader } from './subscription.ts';

/** A publisher that can be told to wait. */
export interface Publisher {
  /** The topics that it waits for now. */
  readonly heldBy: ReadonlySet<SlowReaders>;
  /** Read no more from it until {@link Publisher.goOn} was called by all that hold it. */
  hold(by: SlowReaders): void;
  /** This one does not hold it any more. */
  goOn(by: SlowReaders): void;
}

/** A client that reads, and may publish too. */
export interface ReadingClient {
  /** The topics that it waits for as a publisher. */
  readonly heldBy?: ReadonlySet<SlowReaders>;
}

/** A lag that made publishers wait must fall to this share of its limit before they go on. */
const RELEASE_SHARE = 0.5;

/**
 * What a topic does about readers that lag beyond their limit. Publishing itself never waits for anybody; under
 * the policy `block` it is the publishers' sockets that are not read while a reader lags.
 */
export class SlowReaders {
  readonly #limits: LogLimits;
  // Both made when first needed: a healthy topic has neither.
  #blockers: Set<TopicReader> | undefined;
  #held: Set<Publisher> | undefined;

  constructor(limits: LogLimits) {
    this.#limits = limits;
  }

  /** True while publishers must wait. */
  get blocked(): boolean {
    return this.#blockers !== undefined && this.#blockers.size > 0;
  }

  /** A reader could not be given all there is: is it still within its limit? */
  // #region check
  check(reader: TopicReader): void {
    // task 6.7: deal with a slow reader
    const { maxLagBytes, maxLagMessages, slowPolicy } = this.#limits;
    if (!reader.lagsBeyond(maxLagBytes, maxLagMessages)) {
      if (reader.blocking && !this.#lagsMuch(reader)) this.release(reader);
      return;
    }
    if (slowPolicy === 'disconnect') {
      reader.tooSlow();
    } else if (slowPolicy === 'skip') {
      reader.skipTo(reader.topic.log.sealedId + 1);
    } else if (!reader.blocking) {
      reader.blocking = true;
      this.#blockers ??= new Set();
      this.#blockers.add(reader);
      for (const client of reader.clients ?? []) breakCircle(client);
    }
  }
  // #endregion check

  /** A publisher has published here: it waits if the topic is blocked. */
  published(publisher: Publisher): void {
    if (!this.blocked || this.#held?.has(publisher)) return;
    this.#held ??= new Set();
    this.#held.add(publisher);
    publisher.hold(this);
    breakCircle(publisher);
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
    for (const publisher of held ?? []) publisher.goOn(this);
  }

  /** The readers that publishers wait for. */
  get blockers(): Iterable<TopicReader> {
    return this.#blockers ?? [];
  }

  #lagsMuch(reader: TopicReader): boolean {
    const { maxLagBytes, maxLagMessages } = this.#limits;
    return reader.lagsBeyond(maxLagBytes * RELEASE_SHARE, maxLagMessages * RELEASE_SHARE);
  }
}

/**
 * A client that waits for a topic, which waits for a reader, which is the client itself, perhaps over several
 * corners: it would wait for ever, since what it sends (its commits, too) is not read. Such a client is
 * disconnected as too slow, and all others go on.
 */
function breakCircle(client: ReadingClient): void {
  const seen = new Set([client]);
  // The set grows while it is walked over.
  for (const { heldBy } of seen) {
    for (const slow of heldBy ?? []) {
      for (const reader of slow.blockers) {
        for (const next of reader.clients ?? []) {
          if (next === client) {
            reader.tooSlow();
            return;
          }
          seen.add(next);
        }
      }
    }
  }
}

import type { LogLimits } from './limits.ts';
import type { Subscription } from './subscription.ts';

/** A publisher that can be told to wait. */
export interface Publisher {
  /** Read no more from it until {@link Publisher.goOn}. */
  hold(): void;
  goOn(): void;
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
  #blockers: Set<Subscription> | undefined;
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
  check(subscription: Subscription): void {
    // task 6.11: deal with a slow reader
    const { maxLagBytes, maxLagMessages, slowPolicy } = this.#limits;
    if (!subscription.lagsBeyond(maxLagBytes, maxLagMessages)) {
      if (subscription.blocking && !this.#lagsMuch(subscription)) this.release(subscription);
      return;
    }
    if (slowPolicy === 'disconnect') {
      subscription.reader.tooSlow(subscription);
    } else if (slowPolicy === 'skip') {
      subscription.skipTo(subscription.topic.log.sealedId + 1);
    } else {
      subscription.blocking = true;
      this.#blockers ??= new Set();
      this.#blockers.add(subscription);
    }
  }
  // #endregion check

  /** A publisher has published here: it waits if the topic is blocked. */
  published(publisher: Publisher): void {
    if (!this.blocked || this.#held?.has(publisher)) return;
    this.#held ??= new Set();
    this.#held.add(publisher);
    publisher.hold();
  }

  /** A publisher is gone. */
  forget(publisher: Publisher): void {
    this.#held?.delete(publisher);
  }

  /** A reader has caught up, or left. */
  release(subscription: Subscription): void {
    if (!subscription.blocking) return;
    subscription.blocking = false;
    this.#blockers?.delete(subscription);
    if (this.blocked) return;
    const held = this.#held;
    this.#held = undefined;
    for (const publisher of held ?? []) publisher.goOn();
  }

  #lagsMuch(subscription: Subscription): boolean {
    const { maxLagBytes, maxLagMessages } = this.#limits;
    return subscription.lagsBeyond(maxLagBytes * RELEASE_SHARE, maxLagMessages * RELEASE_SHARE);
  }
}

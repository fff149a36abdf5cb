import { LeveretError } from '#framing';
import type { SubscribeOptions } from './subscribe-options.ts';
import type { Subscription } from './subscription.ts';
import type { WaitOptions } from './wait.ts';

/** What one connection holds of a client's subscriptions. */
export interface SideSubscriber {
  /** True when such a subscription would meet none that is held here, or share it. */
  hasPlaceFor(topic: string, options: SubscribeOptions): boolean;
  /** Subscribes on this connection. */
  subscribeHere(topic: string, options: SubscribeOptions): Promise<Subscription>;
  /** True when it holds no subscription. */
  readonly isIdle: boolean;
}

/** A connection that holds subscriptions. */
export interface SideConnection {
  readonly subscriber: SideSubscriber;
  /** Messages that the broker holds for it. */
  lag(options: WaitOptions): Promise<number>;
  /** Ends it: within so many milliseconds, or at once because of an error. */
  close(deadline: number): Promise<void>;
  closeBy(error: LeveretError): void;
  /** Resolves when it has ended for good. */
  readonly ended: Promise<unknown>;
}

/** Most of them for one client. */
const MOST = 16;
/** Milliseconds that one which nobody needs any more may take to say goodbye. */
const GOODBYE_MS = 1_000;

/**
 * A connection has one place in a topic. So that the subscriptions of a client are independent all the same, one that meets
 * others which are there, in the same topic or by patterns that lead to one, gets a connection of its own beside the
 * client's, and shares it with those that it does not meet.
 */
export class SideConnections {
  readonly #open: () => SideConnection;
  readonly #all = new Set<SideConnection>();

  /** @param open - begins to connect */
  constructor(open: () => SideConnection) {
    this.#open = open;
  }

  [Symbol.iterator](): Iterator<SideConnection> {
    return this.#all.values();
  }

  /**
   * Subscribes where no other subscription is met, or one that can be shared.
   *
   * @throws LeveretError LIMIT when there are too many that meet
   */
  subscribe(topic: string, options: SubscribeOptions): Promise<Subscription> {
    for (const side of this.#all) {
      if (side.subscriber.hasPlaceFor(topic, options)) return this.#subscribe(side, topic, options);
    }
    if (this.#all.size >= MOST) {
      throw new LeveretError(
        'LIMIT',
        `${MOST + 1} subscriptions of this client meet at ${topic} already: end one of them, or use another client`,
      );
    }
    const side = this.#open();
    this.#all.add(side);
    side.ended.then(() => this.#all.delete(side)).catch(() => {});
    return this.#subscribe(side, topic, options);
  }

  /** Ends all, within so many milliseconds. */
  async close(deadline: number): Promise<void> {
    await Promise.all([...this.#all].map((side) => side.close(deadline)));
  }

  /** Ends all at once. */
  closeBy(error: LeveretError): void {
    for (const side of this.#all) side.closeBy(error);
  }

  async #subscribe(side: SideConnection, topic: string, options: SubscribeOptions): Promise<Subscription> {
    const release = () => {
      if (!side.subscriber.isIdle || !this.#all.delete(side)) return;
      side.close(GOODBYE_MS).catch(() => {});
    };
    try {
      const subscription = await side.subscriber.subscribeHere(topic, options);
      subscription.ended.then(release).catch(() => {});
      return subscription;
    } catch (error) {
      release();
      throw error;
    }
  }
}

import { LeveretError } from '#framing';
import { ASYNC_DISPOSE } from './async-dispose.ts';
import { Message } from './message.ts';
import type { SubscriptionStream } from './subscription-stream.ts';

/** What a subscription needs of its client. */
export interface SubscriptionHost {
  unsubscribe(stream: SubscriptionStream): Promise<void>;
}

/**
 * A subscription, made by `client.subscribe`. Without a callback it is iterated; leaving the loop unsubscribes.
 *
 * @example
 * ```ts
 * const subscription = await client.subscribe('news', { from: 'earliest', window: 100 });
 * for await (const message of subscription) {
 *   await work(message.text());
 *   subscription.commit(message);
 * }
 * ```
 */
export class Subscription implements AsyncIterable<Message>, AsyncDisposable {
  readonly #stream: SubscriptionStream;
  readonly #host: SubscriptionHost;

  /**
   * For the client.
   * @internal
   */
  constructor(stream: SubscriptionStream, host: SubscriptionHost) {
    this.#stream = stream;
    this.#host = host;
  }

  /** The topic or pattern that it was made for. */
  get topic(): string {
    return this.#stream.topic;
  }

  /** Messages that have come and wait for the iterator. What waits at the broker is told by `client.lag()`. */
  get lag(): number {
    return this.#stream.waiting;
  }

  /** True until it has ended: by `unsubscribe`, by `client.close`, or by an error. */
  get active(): boolean {
    return !this.#stream.ended;
  }

  /** Resolves when it has ended: with the error, if one ended it. */
  get ended(): Promise<LeveretError | undefined> {
    return this.#stream.whenEnded;
  }

  /**
   * Says that everything up to this message has been dealt with. The broker is told at the end of the turn, once for all
   * that was committed in it. Does nothing without a window.
   *
   * @param upTo - a message, or its id
   * @param topic - for an id of a subscription to a pattern: the message's topic
   *
   * @example
   * ```ts
   * subscription.commit(message);
   * ```
   */
  commit(upTo: Message | number, topic: string = this.topic): void {
    if (upTo instanceof Message) {
      // Of another subscription, or of an earlier epoch, it changes nothing.
      this.#stream.commit(Message.positionOf(upTo), upTo.id);
      return;
    }
    const position = this.#stream.positions.get(topic);
    if (position === undefined || !Number.isInteger(upTo) || upTo < 0 || upTo > position.received) {
      throw new LeveretError(
        'BAD_COMMIT',
        `message ${upTo} of ${topic} has not come, so it cannot be committed`,
      );
    }
    this.#stream.commit(position, upTo);
  }

  /** Ends it. What waits for the iterator is dropped. Calling it again changes nothing. */
  unsubscribe(): Promise<void> {
    return this.#host.unsubscribe(this.#stream);
  }

  /** Ends the subscription: see {@link Subscription.unsubscribe}. For `await using`. */
  [ASYNC_DISPOSE](): Promise<void> {
    return this.unsubscribe();
  }

  /** Iterates over the messages. Several iterators share them. */
  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> & AsyncIterable<Message> {
    const stream = this.#stream;
    return {
      next: () => stream.next(),
      return: async () => {
        await this.unsubscribe();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /**
   * Iterates over all messages that wait, each time, as one array. The fastest way to iterate: what is awaited is a batch
   * and not a message. All of a batch counts as taken.
   *
   * @example
   * ```ts
   * for await (const batch of subscription.batches()) {
   *   await database.insert(batch.map((message) => message.text()));
   *   subscription.commit(batch[batch.length - 1]);
   * }
   * ```
   */
  async *batches(): AsyncGenerator<Message[], void, undefined> {
    const stream = this.#stream;
    try {
      for (;;) {
        if (stream.waiting > 0) {
          yield stream.takeAll();
          continue;
        }
        const first = await stream.next();
        if (first.done) return;
        yield [first.value, ...stream.takeAll()];
      }
    } finally {
      await this.unsubscribe();
    }
  }
}

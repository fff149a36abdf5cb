import type { LeveretError } from '#framing';
import { Queue } from '#topics';

/** A message as a client receives it. */
export class ReceivedMessage {
  /** Name of its topic. */
  readonly topic: string;
  /** Its number within the topic. */
  readonly id: number;
  /** Its key; `''` if it has none. Bytes that are not UTF-8 are shown as U+FFFD. */
  readonly key: string;
  /** Its content: a copy of its own, which may be kept. */
  readonly payload: Buffer;
  readonly #commit: (id: number) => void;

  /** @hidden Made by the client library. */
  constructor(topic: string, id: number, key: string, payload: Buffer, commit: (id: number) => void) {
    this.topic = topic;
    this.id = id;
    this.key = key;
    this.payload = payload;
    this.#commit = commit;
  }

  /** The content as UTF-8. */
  text(): string {
    return this.payload.toString();
  }

  /** This message, and all of its topic before it, have been dealt with. */
  commit(): void {
    this.#commit(this.id);
  }
}

/** Ids of a topic that this client will never get, both included. */
export interface SkippedIds {
  readonly fromId: number;
  readonly toId: number;
}

/** What a subscription asks of its client. */
export interface SubscriptionHost {
  /** A message was taken out of the queue, or many were thrown away: `bytes` less wait. */
  released(messages: number, bytes: number): void;
  commit(topic: string, id: number): void;
  unsubscribe(subscription: ClientSubscription): Promise<void>;
}

/** What the queue of a subscription holds beyond the payload of each message, roughly. */
const MESSAGE_OVERHEAD = 200;

/** The memory that a waiting message counts for, in bytes. */
export function waitingSize(message: ReceivedMessage): number {
  return MESSAGE_OVERHEAD + message.payload.length;
}

/**
 * The messages of one topic, in the order of their ids. Made by {@link Client.subscribe}.
 *
 * ```ts
 * for await (const message of subscription) {
 *   console.log(message.id, message.text());
 *   message.commit();
 * }
 * ```
 *
 * Leaving the loop (`break`, `return`, an error) ends the subscription; to take single messages use `next`.
 */
export class ClientSubscription implements AsyncIterable<ReceivedMessage>, AsyncDisposable {
  /** Name of the topic. */
  readonly topic: string;
  /** Most messages delivered and not committed; 0 = no limit. */
  readonly window: number;
  readonly #host: SubscriptionHost;
  readonly #onSkipped: ((ids: SkippedIds) => void) | undefined;
  // Invariant: messages wait, or readers wait, never both.
  readonly #messages = new Queue<ReceivedMessage>();
  readonly #readers = new Queue<() => void>();
  #ended = false;
  #failure: LeveretError | undefined;

  /** @hidden Made by the client library. */
  constructor(
    topic: string,
    window: number,
    host: SubscriptionHost,
    onSkipped: ((ids: SkippedIds) => void) | undefined,
  ) {
    this.topic = topic;
    this.window = window;
    this.#host = host;
    this.#onSkipped = onSkipped;
  }

  /** How many messages have come and were not taken yet. */
  get waiting(): number {
    return this.#messages.length;
  }

  /**
   * The next message, or `undefined` at the end of the subscription.
   *
   * @throws LeveretError why the connection is gone; messages that came before are given first
   */
  async next(): Promise<ReceivedMessage | undefined> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) {
        this.#host.released(1, waitingSize(message));
        return message;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => this.#readers.push(resolve));
    }
  }

  /** All messages, until the subscription ends. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedMessage, void, undefined> {
    try {
      for (let message = await this.next(); message !== undefined; message = await this.next()) yield message;
    } finally {
      if (!this.#ended) await this.unsubscribe();
    }
  }

  /** All messages of the topic up to this id have been dealt with. */
  commit(id: number): void {
    this.#host.commit(this.topic, id);
  }

  /** End the subscription. What waits is thrown away, readers get the end. Calling it again changes nothing. */
  async unsubscribe(): Promise<void> {
    if (this.#ended) return;
    await this.#host.unsubscribe(this);
  }

  /** `await using subscription = ...` ends it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.unsubscribe();
  }

  /** For the client library: a message has come. */
  deliver(message: ReceivedMessage): void {
    if (this.#ended) return;
    this.#messages.push(message);
    this.#readers.shift()?.();
  }

  /** For the client library: ids that will never come. */
  skipped(ids: SkippedIds): void {
    this.#onSkipped?.(ids);
  }

  /** For the client library: no more messages. What waits stays only when the connection failed. */
  end(failure?: LeveretError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    if (failure === undefined) this.#discard();
    for (let reader = this.#readers.shift(); reader !== undefined; reader = this.#readers.shift()) reader();
  }

  #discard(): void {
    let bytes = 0;
    const { length } = this.#messages;
    for (let message = this.#messages.shift(); message !== undefined; message = this.#messages.shift()) {
      bytes += waitingSize(message);
    }
    this.#host.released(length, bytes);
  }
}

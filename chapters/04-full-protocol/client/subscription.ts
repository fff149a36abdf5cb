import type { LeveretError } from '#framing';
import { Queue } from '#topics';
import type { WireRecord } from '../index.ts';

/** A message as a client receives it. */
export interface ReceivedMessage {
  readonly topic: string;
  /** Its number within the topic. */
  readonly id: number;
  /** Its key; `''` if it has none. Bytes that are not UTF-8 are shown as U+FFFD. */
  readonly key: string;
  /** Its content: a copy of its own, which may be kept. */
  readonly payload: Buffer;
  /** The content as UTF-8. */
  text(): string;
  /** This message, and all of its topic before it, have been dealt with. */
  commit(): void;
}

/** Ids of a topic that this client will never get, both included. */
export interface SkippedIds {
  readonly fromId: number;
  readonly toId: number;
}

/** What a subscription needs of its client. */
export interface SubscriptionHost {
  /** So many bytes wait more, or fewer. */
  waiting(bytes: number): void;
  commit(topic: string, id: number): void;
  unsubscribe(subscription: ClientSubscription): Promise<void>;
}

/** What a waiting message holds beyond its payload, roughly, in bytes. */
const MESSAGE_OVERHEAD = 200;

/**
 * The messages of one topic, in the order of their ids. Made by `Client.subscribe`.
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
export class ClientSubscription implements AsyncIterable<ReceivedMessage> {
  readonly topic: string;
  /** For the client: called for ids that will never come. */
  readonly onSkipped: ((ids: SkippedIds) => void) | undefined;
  readonly #host: SubscriptionHost;
  // Invariant: messages wait, or readers wait, never both.
  readonly #messages = new Queue<ReceivedMessage>();
  readonly #readers = new Queue<() => void>();
  #ended: { readonly failure: LeveretError | undefined } | undefined;

  /** @hidden Made by the client. */
  constructor(topic: string, host: SubscriptionHost, onSkipped: ((ids: SkippedIds) => void) | undefined) {
    this.topic = topic;
    this.#host = host;
    this.onSkipped = onSkipped;
  }

  /** How many messages have come and were not taken yet. */
  get waiting(): number {
    return this.#messages.length;
  }

  // #region next
  /**
   * The next message, or `undefined` at the end of the subscription.
   *
   * @throws LeveretError why the connection is gone; messages that came before are given first
   */
  async next(): Promise<ReceivedMessage | undefined> {
    for (;;) {
      const message = this.#take();
      if (message !== undefined) return message;
      if (this.#ended?.failure !== undefined) throw this.#ended.failure;
      if (this.#ended !== undefined) return undefined;
      await new Promise<void>((resolve) => this.#readers.push(resolve));
    }
  }
  // #endregion next

  /** All messages, until the subscription ends. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedMessage, void, undefined> {
    try {
      for (let message = await this.next(); message !== undefined; message = await this.next()) yield message;
    } finally {
      await this.unsubscribe();
    }
  }

  /** All messages of the topic up to this id have been dealt with. */
  commit(id: number): void {
    this.#host.commit(this.topic, id);
  }

  /** Ends the subscription. What waits is thrown away, readers get the end. Calling it again changes nothing. */
  async unsubscribe(): Promise<void> {
    if (this.#ended === undefined) await this.#host.unsubscribe(this);
  }

  /** For the client: a message has come. Its payload is lent, so it is copied. */
  deliver(id: number, record: WireRecord): void {
    const payload = Buffer.from(record.payload);
    const key = Buffer.from(record.key, 'latin1').toString();
    const [text, commit] = [() => payload.toString(), () => this.commit(id)];
    this.#messages.push({ topic: this.topic, id, key, payload, text, commit });
    this.#host.waiting(MESSAGE_OVERHEAD + payload.length);
    this.#readers.shift()?.();
  }

  /** For the client: no more messages. What waits stays only when the connection failed. */
  end(failure?: LeveretError): void {
    this.#ended ??= { failure };
    if (failure === undefined) while (this.#take() !== undefined);
    while (this.#readers.length > 0) this.#readers.shift()?.();
  }

  #take(): ReceivedMessage | undefined {
    const message = this.#messages.shift();
    if (message !== undefined) this.#host.waiting(-MESSAGE_OVERHEAD - message.payload.length);
    return message;
  }
}

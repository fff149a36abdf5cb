import type { LeveretError } from '#framing';
import { AsyncQueue, messageSize, type Skipped, type Start } from '#topics';
import type { BrokerFrame, FrameNamed, WireRecord } from '../index.ts';

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

/** How to subscribe. */
export interface SubscribeOptions {
  /** Where to begin: all that is retained, only what comes, or after an id. @defaultValue `'latest'` */
  readonly from?: Start;
  /** Most messages delivered and not committed, 0 to 65,535; 0 = no limit, no commits. @defaultValue 0 */
  readonly window?: number;
  /** Called for ids that will never come. @defaultValue they are passed over */
  readonly onSkipped?: (ids: Skipped) => void;
}

/** What a subscription needs of its client. */
export interface SubscriptionHost {
  /** So many bytes wait more, or fewer. */
  waiting(bytes: number): void;
  /** The program has dealt with everything of the topic up to this id. */
  commit(topic: string, id: number): void;
  /** The program wants no more of this subscription. */
  unsubscribe(subscription: ClientSubscription): Promise<void>;
}

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
  // step 4.10: the messages of a subscription
  readonly topic: string;
  // #region subscription
  readonly #host: SubscriptionHost;
  readonly #onSkipped: ((ids: Skipped) => void) | undefined;
  readonly #messages: AsyncQueue<ReceivedMessage>;

  /** @hidden Made by the client. */
  constructor(topic: string, host: SubscriptionHost, onSkipped: ((ids: Skipped) => void) | undefined) {
    this.topic = topic;
    this.#host = host;
    this.#onSkipped = onSkipped;
    this.#messages = new AsyncQueue((message, count) => host.waiting(count * messageSize(message)));
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
  next(): Promise<ReceivedMessage | undefined> {
    return this.#messages.take();
  }

  /** All messages, until the subscription ends. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedMessage, void, undefined> {
    try {
      yield* this.#messages;
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
    if (!this.#messages.closed) await this.#host.unsubscribe(this);
  }

  /** For the client: something has come for this subscription. Payloads are lent, so they are copied. */
  receive(frame: FrameNamed<BrokerFrame, 'MESSAGES' | 'SKIPPED'>): void {
    if (frame.type === 'SKIPPED') this.#onSkipped?.(frame);
    else for (const [i, record] of frame.records.entries()) this.#deliver(frame.firstId + i, record);
  }

  #deliver(id: number, record: WireRecord): void {
    const payload = Buffer.from(record.payload);
    const key = Buffer.from(record.key, 'latin1').toString();
    const [text, commit] = [() => payload.toString(), () => this.commit(id)];
    this.#messages.push({ topic: this.topic, id, key, payload, text, commit });
  }

  /** For the client: no more messages. What waits stays only when the connection failed. */
  end(failure?: LeveretError): void {
    this.#messages.close(failure);
    if (failure === undefined) this.#messages.clear();
  }
  // #endregion subscription
}

import { checkWhole } from '#framing';
import { type Batch, type Delivery, isSkipped, type Message, messageSize } from './message.ts';
import { Queue } from './queue.ts';
import type { QueueLimit } from './queue-limit.ts';
import type { Topic } from './topic.ts';
import { TopicError } from './topic-error.ts';

// step 2.7: queue within the limit

/**
 * Where a subscription begins: at the oldest message retained, at the next one
 * published, or after an id.
 */
export type Start = 'earliest' | 'latest' | { readonly after: number };

/** How to subscribe. */
export interface SubscribeOptions {
  /** Where to begin. @defaultValue 'latest' */
  readonly start?: Start;
  /**
   * Most messages handed out and not yet committed, 0 to 65,535; 0: any number, and no
   * commits. @defaultValue 0
   */
  readonly window?: number;
}

/**
 * The messages of one topic that wait for one subscriber: its own queue, with its own
 * lag. (The seed zaichik gives each client such a queue.)
 *
 * What the topic had retained before the subscription began is not copied here: the
 * buffer keeps its place in the topic's memory. What is published from then on waits in
 * a queue of the buffer's own, within the subscriber's limit. Whatever was dropped on
 * the way shows as a gap in the ids, and is told as such.
 */
export class MessageBuffer {
  // #region queueing
  /** The name of its topic. */
  readonly topic: string;
  readonly #topic: Topic;
  readonly #window: number;
  readonly #limit: QueueLimit;
  /**
   * The last id that is read from the topic's memory; what came after it is in
   * `waiting`.
   */
  readonly #historyEnd: number;
  // Invariant: ids rise along both queues, and nextId is above all of `uncommitted` and
  // at most the first of `waiting`.
  readonly #waiting = new Queue<Message>();
  readonly #uncommitted = new Queue<number>();
  /**
   * The next id to hand out, the last one that came in, and the last one that was
   * handed out.
   */
  #nextId: number;
  #arrivedId: number;
  #deliveredId = 0;

  /**
   * @param limit - counts what waits, together with the other queues of the same
   * subscriber
   * @throws TopicError `OUT_OF_RANGE` for a start after an id that was not given out
   * yet
   * @throws OptionError for a window out of range
   */
  constructor(topic: Topic, options: SubscribeOptions, limit: QueueLimit) {
    const { start = 'latest', window = 0 } = options;
    this.topic = topic.name;
    this.#topic = topic;
    this.#window = checkWhole('window', window, 0, 65_535);
    this.#limit = limit;
    this.#historyEnd = topic.lastId;
    this.#arrivedId = topic.lastId;
    this.#nextId = firstId(topic, start);
  }

  /**
   * Messages not settled yet: those that wait and are not too old, and those handed out
   * and uncommitted.
   */
  get lag(): number {
    this.#dropExpired();
    const firstKept = Math.max(this.#nextId, this.#topic.firstRetainedId);
    const fromTopic = Math.max(0, this.#historyEnd + 1 - firstKept);
    return fromTopic + this.#waiting.length + this.#uncommitted.length;
  }

  /**
   * Queues a message that was published. One that was there when the subscription began
   * is ignored: it is in the topic's memory.
   *
   * @throws TopicError `SLOW` when it does not fit and nothing may be dropped for it
   */
  push(message: Message): void {
    if (message.id <= this.#arrivedId) return;
    this.#dropExpired();
    const size = messageSize(message);
    while (!this.#limit.fits(size)) {
      if (this.#limit.overflow === 'refuse') throw tooSlow(this.#limit);
      // Other queues may have used up the limit. A queue with nothing left to drop
      // takes one message all the same.
      if (this.#waiting.length === 0) break;
      this.#dropOldest();
    }
    this.#limit.take(size);
    this.#waiting.push(message);
    this.#arrivedId = message.id;
  }
  // #endregion queueing

  // #region hand-out
  /**
   * What `next` would hand out: first the news of what was lost, then the oldest
   * message that is not too old, as long as the window is open. `undefined` when there
   * is nothing, or a commit must come first.
   */
  peek(): Delivery | undefined {
    // step 2.8: hand out
    const message = this.#oldest();
    const fromId = this.#nextId;
    const toId = (message?.id ?? this.#arrivedId + 1) - 1;
    if (fromId <= toId) return { topic: this.topic, fromId, toId };
    if (this.#window > 0 && this.#uncommitted.length >= this.#window) return undefined;
    return message;
  }

  /** Hands out what `peek` found. */
  next(): Delivery | undefined {
    // step 2.8: hand out
    const delivery = this.peek();
    if (delivery === undefined) return undefined;
    if (isSkipped(delivery)) {
      this.#nextId = delivery.toId + 1;
      return delivery;
    }
    if (delivery.id > this.#historyEnd) this.#dropOldest();
    this.#nextId = delivery.id + 1;
    this.#deliveredId = delivery.id;
    if (this.#window > 0) this.#uncommitted.push(delivery.id);
    return delivery;
  }

  /**
   * Hands out as many messages as fit, for what is sent as one: the first one always,
   * then others while all together have at most `maxBytes`. A gap in the ids ends a
   * batch, because the news of it comes first.
   *
   * @param sizeOf - how many bytes a message counts
   */
  takeBatch(maxBytes: number, sizeOf: (message: Message) => number = messageSize): Batch | undefined {
    // step 2.8: hand out
    const first = this.next();
    if (first === undefined || isSkipped(first)) return first;
    const batch = [first];
    let size = sizeOf(first);
    for (let message = this.peek(); message !== undefined; message = this.peek()) {
      if (isSkipped(message) || size + sizeOf(message) > maxBytes) break;
      this.next();
      batch.push(message);
      size += sizeOf(message);
    }
    return batch;
  }
  // #endregion hand-out

  /**
   * The subscriber is done with every message up to `id`: commits are cumulative, and
   * settle all of them or none. Repeats do no harm.
   *
   * @returns how many messages this settled
   * @throws TopicError `BAD_COMMIT` for an id beyond the last one that `next` handed
   * out
   */
  // #region commit
  commit(id: number): number {
    // step 2.9: settle every id up to one
    if (id > this.#deliveredId) {
      const last = `the last id handed out is ${this.#deliveredId}`;
      throw new TopicError('BAD_COMMIT', `commit of ${id}, but ${last}`);
    }
    let settled = 0;
    let first = this.#uncommitted.peek();
    while (first !== undefined && first <= id) {
      this.#uncommitted.shift();
      settled += 1;
      first = this.#uncommitted.peek();
    }
    return settled;
  }
  // #endregion commit

  // #region clear
  /**
   * The end of the subscription: gives back its part of the limit. The buffer is not
   * used any more.
   */
  clear(): void {
    while (this.#waiting.length > 0) this.#dropOldest();
  }
  // #endregion clear

  // #region oldest
  #oldest(): Message | undefined {
    if (this.#nextId <= this.#historyEnd) {
      const kept = this.#topic.oldestFrom(this.#nextId);
      if (kept !== undefined && kept.id <= this.#historyEnd) return kept;
    }
    this.#dropExpired();
    return this.#waiting.peek();
  }
  // #endregion oldest

  // #region drop
  /**
   * Times never fall along the queue, so what is too old is at its head, and the rest
   * need not be seen.
   */
  #dropExpired(): void {
    let oldest = this.#waiting.peek();
    while (oldest !== undefined && this.#topic.isExpired(oldest)) {
      this.#dropOldest();
      oldest = this.#waiting.peek();
    }
  }

  #dropOldest(): void {
    const message = this.#waiting.shift();
    if (message !== undefined) this.#limit.giveBack(messageSize(message));
  }
  // #endregion drop
}

/**
 * Checks where a subscription is to begin.
 *
 * @param last - the last id that the topic gave out
 * @throws TopicError `OUT_OF_RANGE` for a start after a later one
 * @throws OptionError for what is no id
 */
// #region start
export function checkStart(last: number, topic: string, start: Start = 'latest'): void {
  if (typeof start === 'string') return;
  const after = checkWhole('after', start.after, 0, Number.MAX_SAFE_INTEGER);
  if (after <= last) return;
  const reason = `the last id of topic ${JSON.stringify(topic)} is ${last}`;
  throw new TopicError('OUT_OF_RANGE', `cannot begin after id ${after}: ${reason}`);
}

function firstId(topic: Topic, start: Start): number {
  checkStart(topic.lastId, topic.name, start);
  if (start === 'earliest') return topic.firstRetainedId;
  return start === 'latest' ? topic.lastId + 1 : start.after + 1;
}

function tooSlow({ messages, bytes }: QueueLimit): TopicError {
  return new TopicError(
    'SLOW',
    `the subscriber is too slow: ${messages} messages (${bytes} bytes) wait for it`,
  );
}
// #endregion start

import type { Allowance } from './allowance.ts';
import type { Delivery, Message } from './message.ts';
import { type BufferOptions, MessageBuffer, type PushResult } from './message-buffer.ts';
import type { HeapItem, ReadyHeap } from './ready-heap.ts';
import type { Topic } from './topic.ts';
import { TopicError } from './topic-error.ts';

/** Where a subscription begins: at all that is retained, at what comes next, or after an id. */
export type Start = 'all' | 'next' | { readonly after: number };

/** How to subscribe. */
export interface SubscribeOptions {
  /** Where to begin. @defaultValue 'next' */
  readonly start?: Start;
  /** Most messages handed out and not yet committed; 0 = any number, and no commits. @defaultValue 0 */
  readonly window?: number;
}

/**
 * One subscriber's interest in one topic. Made by `Subscriber.subscribe`; a broker keeps it with the topic
 * and offers it each message that is published there.
 */
export class Subscription implements HeapItem {
  /** What it is interested in. */
  readonly topic: Topic;
  /** For the heap of its subscriber. */
  place = -1;
  /** For the heap of its subscriber. */
  rank = 0;
  readonly #ready: ReadyHeap<Subscription>;
  readonly #allowance: Allowance;
  readonly #bufferOptions: BufferOptions;
  #buffer: MessageBuffer;
  #window = 0;

  /** For `Subscriber`, which calls `begin` next. */
  constructor(topic: Topic, ready: ReadyHeap<Subscription>, allowance: Allowance, options: BufferOptions) {
    this.topic = topic;
    this.#ready = ready;
    this.#allowance = allowance;
    this.#bufferOptions = options;
    this.#buffer = this.#emptyBuffer(0);
  }

  /** Most messages handed out and not yet committed; 0 = any number. */
  get window(): number {
    return this.#window;
  }

  /** Messages that wait, and those handed out and uncommitted. */
  get lag(): number {
    return this.#buffer.lag;
  }

  /** Queue a message of this topic. `full` means that it was not taken: the subscriber is too slow. */
  offer(message: Message): PushResult {
    const result = this.#buffer.push(message);
    if (this.place < 0) this.#refresh();
    return result;
  }

  /**
   * Begin, or begin anew: what waited, and what was uncommitted, is forgotten.
   *
   * @throws TopicError `OUT_OF_RANGE` for a start after an id that was not given out yet
   */
  begin({ start = 'next', window = 0 }: SubscribeOptions): void {
    const { topic } = this;
    const after = firstAfter(topic, start);
    const buffer = this.#emptyBuffer(window);
    this.#buffer.clear();
    this.#buffer = buffer;
    this.#window = window;
    let expected = start === 'all' ? topic.firstRetainedId : after + 1;
    for (const message of topic.after(after)) {
      if (message.id > expected) buffer.lose(expected, message.id - 1);
      buffer.replay(message);
      expected = message.id + 1;
    }
    if (expected <= topic.lastId) buffer.lose(expected, topic.lastId);
    this.#refresh();
  }

  /** For `Subscriber`: what to hand out next from this topic. */
  next(): Delivery | undefined {
    const delivery = this.#buffer.next();
    this.#refresh();
    return delivery;
  }

  /** For `Subscriber`: settle every id up to this one. */
  commit(id: number): number {
    const settled = this.#buffer.commit(id);
    this.#refresh();
    return settled;
  }

  /** For `Subscriber`: the end. */
  clear(): void {
    this.#buffer.clear();
    this.#refresh();
  }

  #emptyBuffer(window: number): MessageBuffer {
    const { topic } = this;
    return new MessageBuffer({ ...this.#bufferOptions, topic, window, allowance: this.#allowance });
  }

  /** Take its place among the subscriptions that have something to hand out, or leave them. */
  #refresh(): void {
    if (this.#buffer.ready) this.#ready.set(this, this.#buffer.order);
    else this.#ready.remove(this);
  }
}

/** The id after which a subscription begins. */
function firstAfter(topic: Topic, start: Start): number {
  if (start === 'all') return 0;
  if (start === 'next') return topic.lastId;
  if (start.after <= topic.lastId) return start.after;
  throw new TopicError(
    'OUT_OF_RANGE',
    `cannot begin after id ${start.after}: the last id of topic ${JSON.stringify(topic.name)} is ${topic.lastId}`,
  );
}

import type { MessageCounter } from './adapter.ts';
import type { LoadConnection } from './connection.ts';

/** How much may be on its way, in messages. */
export interface Window {
  /** Messages published that not yet every subscriber has. */
  readonly window: number;
  /** Messages in one write to the publisher's socket; `window` is a multiple of it. */
  readonly batch: number;
  /**
   * After a turn that read something, sleep so long (milliseconds) before reading again; 0: read at once. What a broker
   * writes meanwhile is read in one go, and it does not pay for waking the generator at every write. That suits brokers
   * that write each delivery on its own (mosquitto spent a quarter less on each), and costs others some of their rate.
   */
  readonly restMs: number;
}

/** What one phase of a run did. */
export interface PhaseResult {
  readonly published: number;
  /** Messages received, summed over all subscribers. */
  readonly deliveries: number;
  /** `published * subscribers - deliveries`: 0, or the run failed. */
  readonly lost: number;
  /** From the first write to the last byte of the last message at the last subscriber. */
  readonly seconds: number;
  /** Why the phase ended early, if it did. */
  readonly fault: string | undefined;
}

/** No progress for so long means that what is missing will not come. */
const STALLED_MS = 5000;

/**
 * One publisher and many subscribers with a bounded number of messages on the way. A batch is complete when
 * every subscriber has it; only then is another one written. So nothing can pile up in the broker without limit,
 * no broker has a reason to drop, and at the end every message can be accounted for.
 *
 * What runs for each chunk is a few additions: `passed` counts, for each batch on its way, the subscribers that
 * have it. Batches complete in order, since each subscriber receives in order.
 */
export class ClosedLoop {
  readonly #publisher: LoadConnection;
  readonly #subscribers: number;
  /** Messages that each subscriber has in this phase, and the number at which its current batch is complete. */
  readonly #counts: Int32Array;
  readonly #milestones: Int32Array;
  #bytes: Buffer = Buffer.alloc(0);
  #batch = 1;
  /** Ring of batches on their way: how many subscribers have each. */
  #passed = new Int32Array(1);
  #sentBatches = 0;
  #completedBatches = 0;
  #running = false;
  #restMs = 0;
  #isResting = false;
  readonly #alarm = new Int32Array(new SharedArrayBuffer(4));
  #fault: string | undefined;
  #finish: (() => void) | undefined;

  constructor(
    publisher: LoadConnection,
    subscribers: readonly LoadConnection[],
    counters: readonly MessageCounter[],
  ) {
    this.#publisher = publisher;
    this.#subscribers = subscribers.length;
    this.#counts = new Int32Array(subscribers.length);
    this.#milestones = new Int32Array(subscribers.length);
    subscribers.forEach((subscriber, index) => {
      const counter = counters[index];
      if (!counter) throw new RangeError(`no counter for subscriber ${index}`);
      subscriber.onChunk = (bytes, length) => {
        if (this.#restMs > 0 && !this.#isResting) this.#restAfterTurn();
        const messages = counter.count(bytes, length);
        if (messages > 0) this.#received(index, messages);
      };
      subscriber.onLost = (reason) => this.#fail(`subscriber ${index}: ${reason}`);
    });
    publisher.onLost = (reason) => this.#fail(`publisher: ${reason}`);
  }

  /** Publish for `milliseconds`, then wait until every subscriber has every message. `bytes` holds one batch. */
  async run(bytes: Buffer, { window, batch, restMs }: Window, milliseconds: number): Promise<PhaseResult> {
    this.#restMs = restMs;
    this.#bytes = bytes;
    this.#batch = batch;
    this.#passed = new Int32Array(Math.max(1, Math.floor(window / batch)));
    this.#counts.fill(0);
    this.#milestones.fill(batch);
    this.#sentBatches = 0;
    this.#completedBatches = 0;
    this.#running = true;

    const started = performance.now();
    let ended = 0;
    await new Promise<void>((resolve) => {
      let seen = -1;
      let seenAt = started;
      const watchdog = setInterval(() => {
        const total = this.#total();
        const now = performance.now();
        if (total !== seen) {
          seen = total;
          seenAt = now;
        } else if (now - seenAt > STALLED_MS) {
          this.#fail(`nothing came for ${STALLED_MS / 1000} s`);
        }
      }, 250);
      const stop = setTimeout(() => {
        this.#running = false;
        this.#finishWhenDone();
      }, milliseconds);
      this.#finish = () => {
        ended = performance.now();
        clearInterval(watchdog);
        clearTimeout(stop);
        resolve();
      };
      if (this.#fault) this.#finish();
      for (let index = 0; index < this.#passed.length; index++) this.#send();
    });
    this.#running = false;
    const published = this.#sentBatches * this.#batch;
    const deliveries = this.#total();
    return {
      published,
      deliveries,
      lost: published * this.#subscribers - deliveries,
      seconds: (ended - started) / 1000,
      fault: this.#fault,
    };
  }

  #received(index: number, messages: number): void {
    const count = (this.#counts[index] ?? 0) + messages;
    this.#counts[index] = count;
    let milestone = this.#milestones[index] ?? 0;
    if (count < milestone) return;
    const passed = this.#passed;
    do {
      const slot = (milestone / this.#batch - 1) % passed.length;
      milestone += this.#batch;
      const subscribers = (passed[slot] ?? 0) + 1;
      if (subscribers < this.#subscribers) {
        passed[slot] = subscribers;
      } else {
        passed[slot] = 0;
        this.#completedBatches++;
        if (this.#running) this.#send();
        else this.#finishWhenDone();
      }
    } while (count >= milestone);
    this.#milestones[index] = milestone;
  }

  #restAfterTurn(): void {
    this.#isResting = true;
    setImmediate(() => {
      this.#isResting = false;
      Atomics.wait(this.#alarm, 0, 0, this.#restMs);
    });
  }

  #send(): void {
    this.#sentBatches++;
    this.#publisher.write(this.#bytes);
  }

  #finishWhenDone(): void {
    if (this.#completedBatches === this.#sentBatches) this.#end();
  }

  #fail(reason: string): void {
    this.#fault ??= reason;
    this.#end();
  }

  #end(): void {
    const finish = this.#finish;
    this.#finish = undefined;
    finish?.();
  }

  #total(): number {
    let total = 0;
    for (const count of this.#counts) total += count;
    return total;
  }
}

import { LeveretError } from '#framing';
import { MAX_RECORDS, ProtocolError, RECORD_HEADER_SIZE } from '#protocol';
import { isInbox } from '../broker/topics/reserved-names.ts';
import { BufferPool } from './buffer-pool.ts';
import { checkKey, checkName } from './check-names.ts';
import type { Connection } from './connection.ts';
import { type Deferred, defer } from './deferred.ts';
import { isBytes } from './errors.ts';
import type { Platform } from './platform.ts';
import { type Confirm, PublishBatch } from './publish-batch.ts';
import type { Confirmation, Payload } from './publish-options.ts';

/** A frame that has grown to so many bytes is closed: the broker can begin with it while the next is filled. */
const FULL = 65_536;
/** Memory for a full frame, with what texts may need while they are encoded. */
const POOL_BUFFER = FULL + 4_096;
/** What an awaited confirmation is reckoned at, in bytes, beside its record. */
const CONFIRMATION_COST = 256;
/** `publish` refuses when what is held is so many times what `writable` goes by. */
const OVERFLOW_FACTOR = 4;
/** Batches, empty ones included, that are kept for topics to come. */
const MAX_BATCHES = 1024;

/** Limits of a {@link Publisher}. */
export interface PublisherLimits {
  readonly maxOutstanding: number;
  readonly highWaterBytes: number;
}

/** Who waits for a confirmation, and what to do when it was lost. */
interface Waiter {
  readonly deferred: Deferred<Confirmation>;
  readonly mayRepeat: (() => boolean) | undefined;
}

/** What was filled and not yet sent. */
interface Waiting {
  readonly topic: string;
  readonly bytes: Uint8Array;
  /** The pool's buffer that the bytes lie in. */
  readonly pooled: Uint8Array | undefined;
  readonly count: number;
  readonly keyed: number;
  readonly confirms: Confirm[];
}

/**
 * Gathers what is published into one PUBLISH frame for each topic and turn, and keeps account of what is not confirmed.
 *
 * Which record of a frame was dropped as a duplicate the broker does not say. So a frame whose confirmations somebody waits
 * for holds one record with a key at most: if the broker took one record less than it was sent, it was that one.
 */
export class Publisher {
  /** Largest frame that the broker takes. */
  maxFrameSize = 1_048_576;
  readonly #platform: Platform;
  readonly #limits: PublisherLimits;
  readonly #flushNow: () => void;
  readonly #flushLater: () => void;
  readonly #settled: () => void;
  readonly #batches = new Map<string, PublishBatch>();
  readonly #pool: BufferPool;
  #last: PublishBatch | undefined;
  // Filled in this turn, in the order of their first record.
  #open: PublishBatch[] = [];
  #full: Waiting[] = [];
  // Records not yet sent whose confirmation nobody waits for.
  #unsentBytes = 0;
  // Those that somebody waits for, sent or not, with what the waiting costs.
  #outstanding = 0;
  #outstandingBytes = 0;
  #closed = false;

  /**
   * @param flushNow - called when enough has been gathered to send it before the turn ends
   * @param flushLater - called when something waits that nobody has just published
   * @param settled - called when confirmations have come, and there may be room again
   */
  constructor(
    platform: Platform,
    limits: PublisherLimits,
    flushNow: () => void,
    flushLater: () => void,
    settled: () => void,
  ) {
    this.#platform = platform;
    this.#pool = new BufferPool(POOL_BUFFER, platform);
    this.#limits = limits;
    this.#flushNow = flushNow;
    this.#flushLater = flushLater;
    this.#settled = settled;
  }

  /** Records that wait for their confirmation, sent or not. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** True when nothing waits to be sent. */
  get isEmpty(): boolean {
    return this.#open.length === 0 && this.#full.length === 0;
  }

  /** True while there is room for more. */
  get hasRoom(): boolean {
    return this.#outstanding < this.#limits.maxOutstanding && this.#heldBytes < this.#limits.highWaterBytes;
  }

  /**
   * True while there is room for much more: time to wake those who wait for room. If one slot woke them, all that they publish
   * from then on would be frames of one record.
   */
  get hasMuchRoom(): boolean {
    const { maxOutstanding, highWaterBytes } = this.#limits;
    return this.#outstanding * 2 <= maxOutstanding && this.#heldBytes * 2 <= highWaterBytes;
  }

  /** Bytes that are held for what is not yet sent or not yet confirmed. */
  get #heldBytes(): number {
    return this.#unsentBytes + this.#outstandingBytes;
  }

  /**
   * Takes a message. Its bytes are copied before this returns.
   *
   * @throws ProtocolError BAD_TOPIC, BAD_KEY; LeveretError TOO_LARGE, OVERFLOW
   */
  publish(topic: string, payload: Payload, key: string): void {
    const batch = this.#batchFor(topic, payload, key);
    if (batch.confirms.length > 0 && key !== '' && batch.keyed !== -1) this.#close(batch);
    this.#add(batch, payload, key);
  }

  /**
   * Takes a message whose confirmation is waited for.
   *
   * @param mayRepeat - asked when the answer was lost: whether publishing it again cannot publish it twice
   * @throws as `publish`
   */
  publishConfirmed(
    topic: string,
    payload: Payload,
    key: string,
    mayRepeat?: () => boolean,
  ): Promise<Confirmation> {
    const batch = this.#batchFor(topic, payload, key);
    // What may be sent again must not change when the caller's bytes do.
    const kept =
      mayRepeat === undefined || typeof payload === 'string'
        ? payload
        : this.#platform.copy(payload, 0, payload.length);
    if (batch.keyed === -2 || (key !== '' && batch.keyed !== -1)) this.#close(batch);
    const deferred = defer<Confirmation>();
    this.#add(batch, kept, key, { deferred, mayRepeat });
    return deferred.promise;
  }

  /** Pushes all that waits to the connection. */
  drainTo(connection: Connection): void {
    for (const batch of this.#open) this.#closeOnly(batch);
    this.#open = [];
    const full = this.#full;
    this.#full = [];
    for (const waiting of full) {
      if (waiting.confirms.length > 0) {
        const request = connection.expect({
          answered: (answer) => {
            this.#settle(waiting);
            if (answer.type === 'PUBLISHED') confirm(waiting, answer.firstId, answer.count);
            this.#settled();
          },
          failed: (error) => this.#failed(waiting, error),
        });
        PublishBatch.setRequest(waiting.bytes, request);
      }
      const { pooled } = waiting;
      connection.pushBytes(waiting.bytes, pooled && (() => this.#pool.give(pooled)));
    }
    this.#unsentBytes = 0;
  }

  /** Nothing will be sent any more. */
  rejectAll(error: LeveretError): void {
    this.#closed = true;
    for (const batch of this.#open) this.#closeOnly(batch);
    const full = this.#full;
    this.#open = [];
    this.#full = [];
    this.#unsentBytes = 0;
    for (const waiting of full) {
      this.#settle(waiting);
      for (const { deferred } of waiting.confirms) deferred.reject(error);
    }
  }

  #batchFor(topic: string, payload: Payload, key: string): PublishBatch {
    if (typeof payload !== 'string' && !isBytes(payload)) {
      const what = payload === null ? 'null' : `of type ${typeof payload}`;
      throw new LeveretError(
        'BAD_PAYLOAD',
        `the payload of a publish to ${topic} is ${what}: give text or a Uint8Array, such as JSON.stringify(value)`,
      );
    }
    let batch = this.#last;
    if (batch === undefined || batch.topic !== topic) {
      batch = this.#batches.get(topic) ?? this.#newBatch(topic);
      this.#last = batch;
    }
    if (this.#heldBytes > this.#limits.highWaterBytes * OVERFLOW_FACTOR) {
      throw new LeveretError(
        'OVERFLOW',
        `a publish to ${topic} while ${this.#heldBytes} bytes wait to be sent or confirmed: wait for ready() while client.writable is false`,
      );
    }
    const room = this.maxFrameSize - batch.messagesOverhead - RECORD_HEADER_SIZE;
    // Measured only if it could be too much: a UTF-16 unit takes at most three bytes.
    if (key !== '') checkKey(key);
    if ((payload.length + key.length) * 3 > room) {
      const payloadSize = typeof payload === 'string' ? this.#platform.byteLength(payload) : payload.length;
      const size = payloadSize + this.#platform.byteLength(key);
      if (size > room) {
        const message = `a message of ${size} bytes, but this broker takes ${room} in ${topic}`;
        throw new LeveretError('TOO_LARGE', message);
      }
    }
    return batch;
  }

  #newBatch(topic: string): PublishBatch {
    checkName(topic);
    if (this.#batches.size >= MAX_BATCHES) {
      // Those in use stay known to #open; the others are made again when they are needed.
      for (const [name, { count }] of this.#batches) if (count === 0) this.#batches.delete(name);
    }
    const batch = new PublishBatch(topic, this.#platform, this.#pool);
    this.#batches.set(topic, batch);
    return batch;
  }

  #add(batch: PublishBatch, payload: Payload, key: string, waiter?: Waiter): void {
    const most = Math.min(this.maxFrameSize, FULL);
    if (batch.count > 0 && (batch.count === MAX_RECORDS || !this.#fits(batch, payload, key, most))) {
      this.#close(batch);
    }
    if (batch.count === 0) this.#open.push(batch);
    const index = batch.count;
    const bytes = batch.add(key, payload);
    if (waiter === undefined) this.#unsentBytes += bytes;
    else {
      const { deferred, mayRepeat } = waiter;
      const again =
        mayRepeat &&
        (() => {
          if (!mayRepeat()) return false;
          this.#add(this.#freshBatch(batch.topic), payload, key, waiter);
          this.#flushLater();
          return true;
        });
      const held = bytes + CONFIRMATION_COST;
      batch.confirms.push({ deferred, index, bytes: held, again });
      this.#outstanding++;
      this.#outstandingBytes += held;
    }
    if (batch.size >= most) this.#close(batch);
  }

  /** A batch that has room for a record with a key. */
  #freshBatch(topic: string): PublishBatch {
    const batch = this.#batches.get(topic) ?? this.#newBatch(topic);
    if (batch.keyed !== -1) this.#close(batch);
    return batch;
  }

  #fits(batch: PublishBatch, payload: Payload, key: string, most: number): boolean {
    const size = payload.length + key.length;
    const left = most + 4 - batch.size - RECORD_HEADER_SIZE;
    if (size * 3 <= left) return true;
    if (size > left) return false;
    const payloadSize = typeof payload === 'string' ? this.#platform.byteLength(payload) : payload.length;
    return payloadSize + this.#platform.byteLength(key) <= left;
  }

  /** Closes a batch before the turn ends. */
  #close(batch: PublishBatch): void {
    if (batch.count === 0) return;
    this.#open.splice(this.#open.indexOf(batch), 1);
    this.#closeOnly(batch);
    this.#flushNow();
  }

  #closeOnly(batch: PublishBatch): void {
    const { topic, count, keyed, confirms, pooled } = batch;
    this.#full.push({ topic, bytes: batch.seal(), pooled, count, keyed, confirms });
  }

  #settle(waiting: Waiting): void {
    this.#outstanding -= waiting.confirms.length;
    for (const { bytes } of waiting.confirms) this.#outstandingBytes -= bytes;
  }

  #failed(waiting: Waiting, error: LeveretError): void {
    this.#settle(waiting);
    const refused = error instanceof ProtocolError;
    for (const { deferred, again } of waiting.confirms) {
      if (!refused && !this.#closed && again?.()) continue;
      deferred.reject(error);
    }
  }
}

/** Gives each its id. */
function confirm({ topic, confirms, count, keyed }: Waiting, firstId: number, taken: number): void {
  // Nobody has this inbox any more.
  if (taken === 0 && isInbox(topic)) {
    for (const { deferred } of confirms) deferred.resolve({ id: undefined });
    return;
  }
  if (taken < count - 1 || (taken < count && keyed < 0)) {
    const message = `the broker took ${taken} of ${count} messages, and only one of them could be a duplicate`;
    for (const { deferred } of confirms) deferred.reject(new LeveretError('BAD_BROKER', message));
    return;
  }
  const dropped = taken < count ? keyed : count;
  for (const { index, deferred } of confirms) {
    if (index === dropped) deferred.resolve({ id: undefined });
    else deferred.resolve({ id: firstId + index - (index > dropped ? 1 : 0) });
  }
}

import { HEADER_SIZE, TYPE_SIZE, textSize } from '#framing';
import { ClientType, messagesOverhead, RECORD_HEADER_SIZE } from '#protocol';
import { putU16, putU32 } from './big-endian.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { Deferred } from './deferred.ts';
import type { Platform } from './platform.ts';
import type { Confirmation } from './publish-options.ts';

/** Bytes of a frame before its body: `u32 size | u8 type`. */
const FRAME_HEADER = HEADER_SIZE + TYPE_SIZE;

/** Somebody who waits to hear what became of one record. */
export interface Confirm {
  readonly deferred: Deferred<Confirmation>;
  /** Which record of the frame, from 0. */
  readonly index: number;
  /** What it is counted at while it waits. */
  readonly bytes: number;
  /** Publishes it once more; undefined when that could publish it twice. */
  readonly again: (() => boolean) | undefined;
}

/** The smallest memory that a batch begins with. */
const SMALLEST = 512;
/** From this size on memory is taken from the pool. */
const POOLED = 16_384;

/**
 * A PUBLISH frame that is being filled, `u32 request | text8 topic | u16 count | record...`: records are laid out as they are
 * published, so that nothing is kept for each message but its bytes. Random batches hold it to the table's codec.
 */
export class PublishBatch {
  readonly topic: string;
  /** Bytes of a MESSAGES frame of this topic beside its records: what the broker sends must fit too. */
  readonly messagesOverhead: number;
  count = 0;
  /** Who waits for records of this frame. */
  confirms: Confirm[] = [];
  /** Index of the only record with a key; -1 for none, -2 for several. */
  keyed = -1;

  readonly #topicSize: number;
  readonly #platform: Platform;
  readonly #pool: BufferPool;
  #bytes: Uint8Array;
  #isPooled = false;
  #at = 0;
  #usual = SMALLEST;

  constructor(topic: string, platform: Platform, pool: BufferPool) {
    this.topic = topic;
    this.#topicSize = textSize(topic);
    this.messagesOverhead = messagesOverhead(topic);
    this.#platform = platform;
    this.#pool = pool;
    this.#bytes = EMPTY;
  }

  /** Bytes so far. */
  get size(): number {
    return this.#at;
  }

  /** Adds a record. Returns its bytes. */
  add(key: string, payload: string | Uint8Array): number {
    const start = this.#at === 0 ? this.#header : this.#at;
    // A UTF-16 unit takes at most three bytes; for long texts it is worth counting.
    const room = typeof payload !== 'string' ? payload.length : this.#textRoom(payload);
    this.#reserve(start + RECORD_HEADER_SIZE + key.length * 3 + room);
    if (this.#at === 0) this.#open();
    const bytes = this.#bytes;
    const at = start + RECORD_HEADER_SIZE;
    const keySize = key === '' ? 0 : this.#platform.encodeInto(key, bytes, at);
    let payloadSize: number;
    if (typeof payload === 'string') {
      payloadSize = this.#platform.encodeInto(payload, bytes, at + keySize);
    } else {
      bytes.set(payload, at + keySize);
      payloadSize = payload.length;
    }
    putU16(bytes, start, keySize);
    putU32(bytes, start + 2, payloadSize);
    this.#at = at + keySize + payloadSize;
    if (keySize > 0) this.keyed = this.keyed === -1 ? this.count : -2;
    this.count++;
    return this.#at - start;
  }

  /** The pool's buffer that the frame lies in, if it does: to be given back when the frame has been written. */
  get pooled(): Uint8Array | undefined {
    return this.#isPooled ? this.#bytes : undefined;
  }

  /** The frame. After this the batch is empty again. */
  seal(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.#at);
    putU32(bytes, 0, bytes.length - 4);
    PublishBatch.setRequest(bytes, 0);
    putU16(bytes, this.#header - 2, this.count);
    this.#usual = Math.max(SMALLEST, Math.min(bytes.length + (bytes.length >> 2), 131_072));
    this.#bytes = EMPTY;
    this.#isPooled = false;
    this.#at = 0;
    this.count = 0;
    this.keyed = -1;
    this.confirms = [];
    return bytes;
  }

  /** Writes the request's number into a frame. */
  static setRequest(frame: Uint8Array, request: number): void {
    putU32(frame, FRAME_HEADER, request);
  }

  /** Where the first record begins: `u32 size | u8 type | u32 request | text8 topic | u16 count`. */
  get #header(): number {
    return FRAME_HEADER + 4 + 1 + this.#topicSize + 2;
  }

  #open(): void {
    this.#bytes[4] = ClientType.PUBLISH;
    this.#bytes[FRAME_HEADER + 4] = this.#topicSize;
    this.#platform.encodeInto(this.topic, this.#bytes, FRAME_HEADER + 5);
  }

  #textRoom(text: string): number {
    return text.length > 1024 ? this.#platform.byteLength(text) : text.length * 3;
  }

  #reserve(size: number): void {
    if (size <= this.#bytes.length) return;
    const wanted = Math.max(this.#at === 0 ? this.#usual : this.#bytes.length * 2, size);
    const isPooled = wanted >= POOLED && size <= this.#pool.size;
    const larger = isPooled ? this.#pool.take() : this.#platform.alloc(wanted);
    larger.set(this.#bytes.subarray(0, this.#at));
    if (this.#isPooled) this.#pool.give(this.#bytes);
    this.#bytes = larger;
    this.#isPooled = isPooled;
  }
}

const EMPTY = new Uint8Array(0);

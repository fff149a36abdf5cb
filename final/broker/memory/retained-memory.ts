import { type Segment, type SegmentMemory, SpareMemory } from '#log';
import { ProtocolError } from '#protocol';
import type { Clock } from '#topics';
import type { MemoryPolicy } from '../limits.ts';
import type { Logger } from '../logger.ts';
import { MAX_PAGE_BYTES } from './key-page.ts';
import type { PageMemory } from './key-window.ts';
import { SizeClasses, type Sized } from './size-classes.ts';

/** When room is made, so much is: the next one is a while away. As a share of the bound. */
const ROOM_SHARE = 0.05;
/** But no more than this, in bytes: clients wait for it, and forgetting keys costs more than letting segments go. */
const MAX_ROOM_BYTES = 8_388_608;
/** How many pages of keys are kept for later: as many as are given up at a time. */
const MAX_SPARE_PAGES = MAX_ROOM_BYTES / MAX_PAGE_BYTES;
/** Where publishers wait for slow readers, messages go all the same beyond this multiple of the bound. */
const HARD_SHARE = 1.125;
/** The log is told of the bound at most this often, in milliseconds. */
const WARN_MS = 60_000;
/** For so long after it had to drop something a broker is `dropping`, in milliseconds. */
const RECENT_MS = 10_000;

/** Whether a broker has room for what is published: it drops old messages to make some, or refuses new ones. */
export type MemoryState = 'ok' | 'dropping' | 'refusing';

/** A topic, as far as memory is concerned. */
export interface MemoryHolder extends Sized {
  /**
   * Gives back the oldest part of what it holds.
   *
   * @param force - whether messages that a reader still needs go although its publishers could be made to wait for it
   * @returns how many messages are lost by it; undefined when nothing was given back
   */
  giveUp(force: boolean): number | undefined;
}

/** What a broker did at the bound of its memory. */
export interface MemoryReport {
  /** Bytes that messages and keys take: all memory of segments, sealed or not, and what is known of keys. */
  readonly retainedBytes: number;
  /** The most that they may take. */
  readonly maxTotalRetainedBytes: number;
  readonly memoryState: MemoryState;
  /** Messages that were dropped at the bound, for ever. */
  readonly droppedMessages: number;
  /** Bytes of memory that were given back with them. */
  readonly droppedBytes: number;
  /** PUBLISHes that were refused at the bound. */
  readonly refusedPublishes: number;
}

/** Options of {@link RetainedMemory}. */
export interface RetainedMemoryOptions {
  readonly maxTotalRetainedBytes: number;
  readonly memoryPolicy: MemoryPolicy;
  readonly logger: Pick<Logger, 'warn'>;
  /** Monotonic milliseconds. */
  readonly clock: Clock;
}

/**
 * The memory that all topics of a broker have in common: how much they hold, and what is done when that is too much. Every
 * log takes the memory of its segments here and gives it back here, so what is counted is what is held.
 */
export class RetainedMemory implements SegmentMemory, PageMemory {
  readonly #topics = new SizeClasses<MemoryHolder>();
  readonly #spares = new SpareMemory();
  readonly #sparePages: Buffer[] = [];
  readonly #options: RetainedMemoryOptions;
  #droppedMessages = 0;
  #droppedBytes = 0;
  #refusedPublishes = 0;
  #droppedAt = Number.NEGATIVE_INFINITY;
  #warnedAt = Number.NEGATIVE_INFINITY;
  // Nothing is given up before there is so much again: so little could be found the last time.
  #nextTry = 0;
  #making = false;

  constructor(options: RetainedMemoryOptions) {
    this.#options = options;
  }

  /** Bytes that are held. */
  get bytes(): number {
    return this.#topics.total;
  }

  /** True when more is held than may be: somebody must make room. */
  get full(): boolean {
    return this.#topics.total > this.#options.maxTotalRetainedBytes;
  }

  /** True while so much is held that readers for whom publishers wait must go on. */
  get pressed(): boolean {
    return this.#topics.total > this.#options.maxTotalRetainedBytes * (1 - ROOM_SHARE);
  }

  /** True while nothing may be published. */
  get refusing(): boolean {
    const { maxTotalRetainedBytes, memoryPolicy } = this.#options;
    return memoryPolicy === 'refuse' && this.#topics.total >= maxTotalRetainedBytes;
  }

  take(size: number): Buffer | undefined {
    return this.#spares.take(size);
  }

  give(segment: Segment): void {
    this.#spares.give(segment);
  }

  takePage(size: number): Buffer {
    return (size === MAX_PAGE_BYTES ? this.#sparePages.pop() : undefined) ?? Buffer.allocUnsafeSlow(size);
  }

  givePage(bytes: Buffer): void {
    const isSpare = bytes.length === MAX_PAGE_BYTES && this.#sparePages.length < MAX_SPARE_PAGES;
    if (isSpare) this.#sparePages.push(bytes);
  }

  /** A topic holds so many bytes more, or fewer. */
  resize(topic: MemoryHolder, by: number): void {
    this.#topics.resize(topic, by);
  }

  /**
   * Lets the largest topics give up the oldest that they hold, when more is held than may be. Not while a topic is being
   * written to or read: readers are moved on, and clients may be disconnected.
   */
  makeRoom(): void {
    const { maxTotalRetainedBytes: max, memoryPolicy } = this.#options;
    if (memoryPolicy === 'refuse' || this.bytes <= Math.max(max, this.#nextTry) || this.#making) return;
    this.#making = true;
    const before = this.bytes;
    const lostBefore = this.#droppedMessages;
    try {
      this.#giveUp(max - Math.min(max * ROOM_SHARE, MAX_ROOM_BYTES), false);
      if (this.bytes > max * HARD_SHARE) this.#giveUp(max, true);
    } finally {
      this.#making = false;
    }
    this.#nextTry = this.bytes > max ? this.bytes + max * ROOM_SHARE : 0;
    if (this.#droppedMessages === lostBefore) return;
    this.#droppedBytes += Math.max(0, before - this.bytes);
    this.#droppedAt = this.#options.clock();
    this.#warn('too much is retained: the oldest messages of the largest topics are dropped');
  }

  /** A PUBLISH comes while nothing may be published. */
  refuse(): ProtocolError {
    this.#refusedPublishes++;
    this.#warn('too much is retained: publishes are refused');
    const { maxTotalRetainedBytes } = this.#options;
    return new ProtocolError(
      'LIMIT',
      `this broker holds ${maxTotalRetainedBytes} bytes of messages, its limit; publish again when some have been read or have expired`,
    );
  }

  /** Called from time to time: what could not be given up before may go now. */
  sweep(): void {
    this.#nextTry = 0;
    this.makeRoom();
  }

  /** For people and monitors. */
  report(): MemoryReport {
    const recent = this.#options.clock() - this.#droppedAt < RECENT_MS;
    return {
      retainedBytes: this.bytes,
      maxTotalRetainedBytes: this.#options.maxTotalRetainedBytes,
      memoryState: this.refusing ? 'refusing' : recent ? 'dropping' : 'ok',
      droppedMessages: this.#droppedMessages,
      droppedBytes: this.#droppedBytes,
      refusedPublishes: this.#refusedPublishes,
    };
  }

  #giveUp(low: number, force: boolean): void {
    for (const topic of this.#topics.largestFirst()) {
      // Down to half of its size, then it is another one's turn.
      const half = topic.heldBytes / 2;
      while (this.bytes > low && topic.heldBytes > half) {
        const lost = topic.giveUp(force);
        if (lost === undefined) break;
        this.#droppedMessages += lost;
      }
      if (this.bytes <= low) return;
    }
  }

  #warn(message: string): void {
    const now = this.#options.clock();
    if (now - this.#warnedAt < WARN_MS) return;
    this.#warnedAt = now;
    this.#options.logger.warn(this.report(), message);
  }
}

import type { Segment, SegmentMemory } from '#log';
import { KeyWindow } from './key-window.ts';
import type { MemoryHolder, RetainedMemory } from './retained-memory.ts';

/** Keys that are too old are forgotten so many at a time, when nobody publishes: the others wait for the next sweep. */
const EXPIRE_COUNT = 10_000;

/** What a {@link TopicMemory} needs of its topic. */
export interface TopicMemoryHost {
  /** Lets go of its oldest segment, as {@link MemoryHolder.giveUp} says. */
  giveUpMessages(force: boolean): number | undefined;
}

/** What one topic holds, segments of its log and keys, counted together with that of all others. */
export class TopicMemory implements SegmentMemory, MemoryHolder {
  heldBytes = 0;
  readonly #all: RetainedMemory;
  readonly #topic: TopicMemoryHost;
  #keys: KeyWindow | undefined;
  #keyBytes = 0;

  constructor(all: RetainedMemory, topic: TopicMemoryHost) {
    this.#all = all;
    this.#topic = topic;
  }

  take(size: number): Buffer | undefined {
    this.#all.resize(this, size);
    return this.#all.take(size);
  }

  give(segment: Segment): void {
    this.#all.resize(this, -segment.bytes.length);
    this.#all.give(segment);
  }

  giveUp(force: boolean): number | undefined {
    return this.#keyBytes > this.heldBytes / 2 ? this.#giveUpKeys() : this.#topic.giveUpMessages(force);
  }

  /** Whether the key `bytes[from, to)` is new within the window, at this time; then it is remembered. */
  admit(
    bytes: Buffer,
    from: number,
    to: number,
    now: number,
    { dedupeMs, maxKeys }: { readonly dedupeMs: number; readonly maxKeys: number },
  ): boolean {
    this.#keys ??= new KeyWindow(dedupeMs, maxKeys, this.#all);
    const isNew = this.#keys.admit(bytes, from, to, now);
    this.#countKeys();
    return isNew;
  }

  /** Forgets keys that are too old: nobody may ever publish one again that would push them out. */
  expireKeys(now: number): void {
    this.#keys?.expire(now, EXPIRE_COUNT);
    this.#countKeys();
  }

  /** Forgets all keys. */
  forgetKeys(): void {
    this.#keys?.clear();
    this.#keys = undefined;
    this.#countKeys();
  }

  /** Forgets the oldest keys: what they told apart may come again. No message is lost by that. */
  #giveUpKeys(): number {
    this.#keys?.forgetPage();
    this.#countKeys();
    return 0;
  }

  #countKeys(): void {
    const bytes = this.#keys?.heldBytes ?? 0;
    if (bytes === this.#keyBytes) return;
    this.#all.resize(this, bytes - this.#keyBytes);
    this.#keyBytes = bytes;
  }
}

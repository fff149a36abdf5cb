import type { Segment, SegmentMemory } from '#log';
import { DedupeWindow } from '#topics';
import type { MemoryHolder, RetainedMemory } from './retained-memory.ts';

/** What a key costs beside its characters, in bytes: measured, with a tenth for what it grows by now and then. */
const KEY_BYTES = 110;

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
  #keys: DedupeWindow | undefined;
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

  /** Whether a key is new within the window, at this time; then it is remembered. */
  admit(
    key: string,
    now: number,
    { dedupeMs, maxKeys }: { readonly dedupeMs: number; readonly maxKeys: number },
  ): boolean {
    this.#keys ??= new DedupeWindow(dedupeMs, maxKeys);
    const isNew = this.#keys.admit(key, now);
    this.#countKeys();
    return isNew;
  }

  /** Forgets keys that are too old: nobody may ever publish one again that would push them out. */
  expireKeys(now: number): void {
    this.#keys?.expire(now);
    this.#countKeys();
  }

  /** Forgets all keys. */
  forgetKeys(): void {
    this.#keys = undefined;
    this.#countKeys();
  }

  /** Forgets the older half of the keys: what they told apart may come again. No message is lost by that. */
  #giveUpKeys(): number {
    const half = (this.#keys?.size ?? 0) / 2;
    while (this.#keys !== undefined && this.#keys.size > half) this.#keys.forgetOldest();
    this.#countKeys();
    return 0;
  }

  #countKeys(): void {
    const bytes = this.#keys === undefined ? 0 : this.#keys.length + this.#keys.size * KEY_BYTES;
    if (bytes === this.#keyBytes) return;
    this.#all.resize(this, bytes - this.#keyBytes);
    this.#keyBytes = bytes;
  }
}

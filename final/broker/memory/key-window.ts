import { Queue } from '#topics';
import { KeyHash } from './key-hash.ts';
import { KeyPage } from './key-page.ts';

/** An entry's number is that of its page, above so many bits for its slot. */
const SLOT_BITS = 12;
const SLOTS = (1 << SLOT_BITS) - 1;
/** Pages are numbered in a circle: so many there may be. */
const PAGES = 1 << 19;
/** The end of a chain. */
const NONE = -1;
/** With as many chains a table begins. */
const MIN_CHAINS = 8;
/** Too old keys that are forgotten with each one that comes: more than come, so none are left in the end. */
const FORGET = 4;
/** Bytes of a window's objects. */
const WINDOW_BYTES = 600;

const hashes = new KeyHash();

/** Where keys get the memory of their pages, and where it is counted. */
export interface PageMemory {
  /** Memory of so many bytes; it need not be empty. */
  takePage(size: number): Buffer;
  /** The page is not used any more. */
  givePage(bytes: Buffer): void;
}

/**
 * Remembers the keys of the last milliseconds, to tell a repeated key from a new one: what the course's `DedupeWindow` does,
 * for very many keys. Their bytes lie in pages, and what leads to them in plain arrays: nothing of it is looked at by the
 * garbage collector, and its size is known to the byte. The work of a call has a bound too, apart from one copy of the
 * array of chains when it doubles: chains are split and joined one at a time.
 *
 * Source: W. Litwin, "Linear hashing", for the chains.
 */
export class KeyWindow {
  readonly #windowMs: number;
  readonly #maxKeys: number;
  readonly #memory: PageMemory;
  readonly #pages = new Queue<KeyPage>();
  #last: KeyPage | undefined;
  // The number of the first page, in the circle.
  #firstPage = 0;
  #pageBytes = 0;
  #size = 0;
  // Invariant: there are #chains chains, from #mask + 1 to twice that less one; each holds the entries whose hash leads
  // there, in any order. Every entry that is not forgotten is in one.
  #heads = new Int32Array(MIN_CHAINS).fill(NONE);
  #mask = MIN_CHAINS - 1;
  #chains = MIN_CHAINS;

  /**
   * @param windowMs - for how long a key counts as repeated, in milliseconds
   * @param maxKeys - keys remembered at most; with more, the oldest is forgotten before its time
   */
  constructor(windowMs: number, maxKeys: number, memory: PageMemory) {
    this.#windowMs = windowMs;
    this.#maxKeys = maxKeys;
    this.#memory = memory;
  }

  /** How many keys it holds, those that are too old and not forgotten yet among them. */
  get size(): number {
    return this.#size;
  }

  /** What it takes of memory, in bytes. */
  get heldBytes(): number {
    return this.#size === 0 ? 0 : this.#pageBytes + this.#heads.byteLength + WINDOW_BYTES;
  }

  /**
   * Lets the key `source[from, to)` through, and remembers it, unless it was let through within the window before, the last
   * millisecond included.
   *
   * @param time - milliseconds; must not fall from call to call
   */
  admit(source: Buffer, from: number, to: number, time: number): boolean {
    this.expire(time, FORGET);
    const hash = hashes.of(source, from, to);
    for (let entry = this.#head(this.#chainOf(hash)); entry !== NONE; ) {
      const page = this.#page(entry);
      const slot = entry & SLOTS;
      const known = page.hash(slot) === hash && page.holds(slot, source, from, to);
      // One that is too old may stand beside the one that came after it.
      if (known && page.time(slot) >= time - this.#windowMs) return false;
      entry = page.next(slot);
    }
    while (this.#size >= this.#maxKeys) this.#forgetOldest();
    this.#add(hash, source, from, to, time);
    return true;
  }

  /** Forgets keys that are older than the window at this time; so many at most. */
  expire(time: number, most: number): void {
    for (let i = 0; i < most; i++) {
      const page = this.#pages.peek();
      if (page === undefined || page.time(page.forgotten) >= time - this.#windowMs) return;
      this.#forgetOldest();
    }
  }

  /** Forgets the oldest keys, before their time: those of one page. */
  forgetPage(): void {
    const page = this.#pages.peek();
    while (page !== undefined && this.#pages.peek() === page) this.#forgetOldest();
  }

  /** Forgets all keys. */
  clear(): void {
    for (const { bytes } of this.#pages) this.#memory.givePage(bytes);
    this.#pages.clear();
    this.#last = undefined;
    this.#firstPage = this.#pageBytes = this.#size = 0;
    this.#heads = new Int32Array(MIN_CHAINS).fill(NONE);
    this.#mask = MIN_CHAINS - 1;
    this.#chains = MIN_CHAINS;
  }

  #add(hash: number, source: Buffer, from: number, to: number, time: number): void {
    let page = this.#last;
    if (page === undefined || !page.hasRoom(to - from, time)) {
      while (this.#pages.length >= PAGES) this.forgetPage();
      page = new KeyPage(this.#memory.takePage(KeyPage.sizeAfter(page, to - from)), time);
      this.#last = page;
      this.#pages.push(page);
      this.#pageBytes += page.heldBytes;
    }
    const chain = this.#chainOf(hash);
    const slot = page.add(hash, this.#head(chain), time, source, from, to);
    const number = (this.#firstPage + this.#pages.length - 1) & (PAGES - 1);
    this.#heads[chain] = (number << SLOT_BITS) | slot;
    this.#size++;
    if (this.#size > this.#chains) this.#split();
  }

  #forgetOldest(): void {
    const page = this.#pages.peek();
    if (page === undefined) return;
    const slot = page.forgotten++;
    this.#unlink((this.#firstPage << SLOT_BITS) | slot, page.hash(slot), page.next(slot));
    this.#size--;
    if (this.#size === 0) this.clear();
    else if (page.forgotten === page.count) this.#dropPage(page);
    while (this.#size < this.#chains / 4 && this.#chains > MIN_CHAINS) this.#join();
  }

  /** The oldest page holds nothing any more, and there is another one. */
  #dropPage(page: KeyPage): void {
    this.#pages.shift();
    this.#firstPage = (this.#firstPage + 1) & (PAGES - 1);
    this.#pageBytes -= page.heldBytes;
    this.#memory.givePage(page.bytes);
  }

  #unlink(entry: number, hash: number, next: number): void {
    const chain = this.#chainOf(hash);
    let at = this.#head(chain);
    if (at === entry) {
      this.#heads[chain] = next;
      return;
    }
    for (;;) {
      const page = this.#page(at);
      const after = page.next(at & SLOTS);
      if (after === entry) {
        page.setNext(at & SLOTS, next);
        return;
      }
      at = after;
    }
  }

  /** One chain more: takes out of the chain that has waited longest what belongs into a new one. */
  #split(): void {
    const made = this.#chains++;
    if (this.#chains > 2 * (this.#mask + 1)) this.#mask = 2 * this.#mask + 1;
    if (made >= this.#heads.length) {
      const heads = new Int32Array(2 * this.#heads.length).fill(NONE);
      heads.set(this.#heads);
      this.#heads = heads;
    }
    const old = made & this.#mask;
    let entry = this.#head(old);
    this.#heads[old] = this.#heads[made] = NONE;
    while (entry !== NONE) {
      const page = this.#page(entry);
      const next = page.next(entry & SLOTS);
      const chain = this.#chainOf(page.hash(entry & SLOTS));
      page.setNext(entry & SLOTS, this.#head(chain));
      this.#heads[chain] = entry;
      entry = next;
    }
  }

  /** One chain fewer: the last one goes to the one that it was split from. */
  #join(): void {
    const gone = --this.#chains;
    if (gone === this.#mask + 1 && gone > MIN_CHAINS) this.#mask >>>= 1;
    let entry = this.#head(gone);
    const chain = gone & this.#mask;
    while (entry !== NONE) {
      const page = this.#page(entry);
      const next = page.next(entry & SLOTS);
      page.setNext(entry & SLOTS, this.#head(chain));
      this.#heads[chain] = entry;
      entry = next;
    }
    this.#heads[gone] = NONE;
    if (this.#heads.length >= 4 * this.#chains && this.#heads.length > MIN_CHAINS) {
      this.#heads = this.#heads.slice(0, this.#heads.length / 2);
    }
  }

  #chainOf(hash: number): number {
    const wide = hash & (2 * this.#mask + 1);
    return wide < this.#chains ? wide : hash & this.#mask;
  }

  #head(chain: number): number {
    return this.#heads[chain] as number;
  }

  #page(entry: number): KeyPage {
    const index = ((entry >>> SLOT_BITS) - this.#firstPage) & (PAGES - 1);
    return this.#pages.at(index) as KeyPage;
  }
}

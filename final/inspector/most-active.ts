/** How {@link MostActive} finds and ranks. */
export interface MostActiveOptions<T> {
  /** Everything there is. Asked for again at the end of each round; may change meanwhile, as a Map's iterator allows. */
  readonly source: () => Iterable<T>;
  /** False for what is no longer there, or not wanted. */
  readonly fits: (item: T) => boolean;
  /** A count of what it did so far: what it does in a second is its rate. */
  readonly count: (item: T) => number;
  /** Decides between those with the same rate. */
  readonly weight: (item: T) => number;
  /** How many are chosen. */
  readonly limit: number;
  /** How many are measured in one go; five times as many are asked whether they fit. */
  readonly budget: number;
}

/** Something chosen, with what it does in a second. */
export interface Seen<T> {
  readonly item: T;
  readonly rate: number;
}

interface Mark {
  count: number;
  at: number;
  rate: number;
}

/** How much a new measurement weighs against those before it. */
const SMOOTHING = 0.4;

/**
 * Chooses the most active of very many. Each look costs the same however many there are: it measures those that are
 * chosen and the next few of the others, round and round.
 */
export class MostActive<T extends object> {
  readonly #options: MostActiveOptions<T>;
  readonly #marks = new WeakMap<T, Mark>();
  #chosen: T[] = [];
  #round: Iterator<T> | undefined;

  constructor(options: MostActiveOptions<T>) {
    this.#options = options;
  }

  /**
   * Looks around.
   *
   * @param now - monotonic milliseconds
   * @returns the most active first
   */
  look(now: number): Seen<T>[] {
    const { fits, weight, limit } = this.#options;
    const candidates = new Set<T>(this.#chosen);
    this.#collect(candidates);
    const ranked: (Seen<T> & { weight: number })[] = [];
    for (const item of candidates) {
      if (fits(item)) ranked.push({ item, rate: this.#measure(item, now), weight: weight(item) });
    }
    ranked.sort((a, b) => b.rate - a.rate || b.weight - a.weight);
    if (ranked.length > limit) ranked.length = limit;
    this.#chosen = ranked.map(({ item }) => item);
    return ranked;
  }

  #collect(candidates: Set<T>): void {
    const { source, budget, fits } = this.#options;
    this.#round ??= source()[Symbol.iterator]();
    let measured = 0;
    for (let looked = 0; looked < budget * 5 && measured < budget; looked++) {
      const { done, value } = this.#round.next();
      if (done) {
        this.#round = undefined;
        return;
      }
      if (!fits(value)) continue;
      candidates.add(value);
      measured++;
    }
  }

  #measure(item: T, now: number): number {
    const count = this.#options.count(item);
    const mark = this.#marks.get(item);
    if (mark === undefined) {
      this.#marks.set(item, { count, at: now, rate: 0 });
      return 0;
    }
    const seconds = (now - mark.at) / 1000;
    if (seconds > 0) {
      mark.rate += SMOOTHING * ((count - mark.count) / seconds - mark.rate);
      if (mark.rate < 0.01) mark.rate = 0;
      mark.count = count;
      mark.at = now;
    }
    return mark.rate;
  }
}

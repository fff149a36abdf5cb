/** Largest number of samples that are kept; from then on only every second one, and so on. */
const MAX_SAMPLES = 200_000;

/** Times of many events, thinned out evenly so that memory stays bounded. */
export class Samples {
  readonly #values: number[] = [];
  #stride = 1;
  #until = 1;
  #max = 0;

  /** Adds a time. */
  add(value: number): void {
    if (value > this.#max) this.#max = value;
    if (--this.#until > 0) return;
    this.#until = this.#stride;
    this.#values.push(value);
    if (this.#values.length < MAX_SAMPLES) return;
    this.#stride *= 2;
    for (let index = 0; index * 2 < this.#values.length; index++) {
      this.#values[index] = this.#values[index * 2] ?? 0;
    }
    this.#values.length = Math.ceil(this.#values.length / 2);
  }

  /** Times below which so many percent of them lie. */
  percentiles(): { p50: number; p90: number; p99: number; max: number } {
    const sorted = Float64Array.from(this.#values).sort();
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: this.#max };
  }
}

import { byId, setText } from './dom.ts';

/** Milliseconds without an update after which what is shown is no longer taken for the state of now. */
const STALE_AFTER = 2_000;

/** Tells whether the figures are those of now. When they are not, they look it, and it says since when. */
export class Freshness {
  readonly #pulse = byId('pulse', HTMLElement);
  readonly #text = byId('pulse-text', HTMLElement);
  readonly #main = byId('main', HTMLElement);
  #heardAt: number | undefined;
  // Why nothing is expected: paused, or waiting for a token.
  #rest: string | undefined;

  constructor() {
    setInterval(() => this.#show(), 500);
  }

  /** An update has come. */
  heard(): void {
    this.#heardAt = performance.now();
    this.#show();
  }

  /** Nothing is expected for now, and why; undefined: updates are expected again. */
  rest(why: string | undefined): void {
    this.#rest = why;
    this.#show();
  }

  #show(): void {
    const silent = performance.now() - (this.#heardAt ?? Number.NEGATIVE_INFINITY);
    const isFresh = silent < STALE_AFTER;
    const seconds = Math.floor(silent / 1000);
    const state = this.#rest !== undefined ? 'paused' : isFresh ? 'live' : 'lost';
    const lost =
      this.#heardAt === undefined ? 'no answer; trying again' : `no data for ${seconds} s; trying again`;
    this.#pulse.dataset.state = state;
    setText(this.#text, this.#rest ?? (isFresh ? 'live' : lost));
    // What is paused is meant to stand still.
    this.#main.classList.toggle('stale', state === 'lost' && this.#heardAt !== undefined);
  }
}

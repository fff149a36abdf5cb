import type { FrameState, HistoryState, InspectorState } from '../state.ts';
import { bearer } from './bearer.ts';
import { currentToken } from './token.ts';

/** What a stream of states tells. */
export interface StateStreamHandlers {
  state(state: InspectorState): void;
  frames(frames: readonly FrameState[]): void;
  /** What was before; comes first, each time that it begins to follow. */
  history(history: HistoryState): void;
  /** A token is needed, or another one. Resolves when there is one to try. */
  refused(status: number): Promise<void>;
}

/** Milliseconds before a stream that broke is opened again. */
const RETRY = 1500;
/** Milliseconds of silence after which a stream is given up: its other end may be gone without a word. */
const SILENCE = 10_000;

/**
 * Follows the inspector's server-sent events. By `fetch` rather than `EventSource`, which cannot send a token.
 * While the tab is hidden, or it is paused, nothing is asked for.
 */
export class StateStream {
  readonly #handlers: StateStreamHandlers;
  #search = '';
  #frames = true;
  #paused = false;
  #abort: AbortController | undefined;
  #heardAt = 0;
  #isReading = false;

  constructor(handlers: StateStreamHandlers) {
    this.#handlers = handlers;
    document.addEventListener('visibilitychange', () => this.#restart());
    this.#restart();
    setInterval(() => {
      if (this.#isReading && performance.now() - this.#heardAt > SILENCE) this.#restart();
    }, 1000);
  }

  /** Asks for topics whose name holds this text. */
  set search(text: string) {
    this.#search = text;
    this.#restart();
  }

  /** Asks for frames, or no longer. */
  set frames(wanted: boolean) {
    if (wanted === this.#frames) return;
    this.#frames = wanted;
    this.#restart();
  }

  /** Rests, or goes on. */
  set paused(paused: boolean) {
    this.#paused = paused;
    this.#restart();
  }

  #restart(): void {
    this.#abort?.abort();
    this.#abort = undefined;
    this.#isReading = false;
    if (this.#paused || document.hidden) return;
    const abort = new AbortController();
    this.#abort = abort;
    void this.#follow(abort.signal);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const query = new URLSearchParams({ search: this.#search, frames: this.#frames ? '1' : '0' });
        const token = currentToken();
        const headers = token === '' ? {} : { authorization: bearer(token) };
        const response = await fetch(`api/feed?${query}`, { signal, headers });
        if (response.status === 401 || response.status === 403) {
          await this.#handlers.refused(response.status);
          continue;
        }
        if (response.ok && response.body !== null) {
          this.#isReading = true;
          this.#heardAt = performance.now();
          await readEvents(response.body, (name, data) => {
            if (signal.aborted) return;
            this.#heardAt = performance.now();
            if (name === 'state') this.#handlers.state(data as InspectorState);
            else if (name === 'history') this.#handlers.history(data as HistoryState);
            else if (name === 'frames') this.#handlers.frames(data as FrameState[]);
          });
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof TypeError)) console.warn(error);
      }
      if (signal.aborted) return;
      this.#isReading = false;
      await new Promise((resolve) => setTimeout(resolve, RETRY));
    }
  }
}

async function readEvents(
  body: ReadableStream<Uint8Array>,
  onEvent: (name: string, data: unknown) => void,
): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const match = /^event: (\w+)\ndata: (.*)$/.exec(text.slice(0, end));
      text = text.slice(end + 2);
      if (match !== null) onEvent(match[1] ?? '', JSON.parse(match[2] ?? 'null'));
    }
  }
}

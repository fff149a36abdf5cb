import type { ServerResponse } from 'node:http';
import createDebug from 'debug';
import type { Grants } from '../broker/access/grants.ts';
import type { Broker } from '../broker/broker.ts';
import type { WatchedFrame } from '../broker/session/frame-watch.ts';
import { frameFor } from './frame-privacy.ts';
import { countersOf, History } from './history.ts';
import { Observer, Totals } from './observer.ts';
import type { FrameState } from './state.ts';

const debug = createDebug('leveret:inspector');

/** Milliseconds between updates. */
const INTERVAL = 250;
/** Frames that wait for the next update; an eye can follow fewer. */
const MAX_FRAMES = 200;
/** A viewer that has so many bytes unread gets no updates until it has caught up. */
const MAX_UNREAD = 1_048_576;

/** What a viewer wants to see. */
export interface FeedRequest {
  /** Text that a topic's name must hold. */
  readonly search: string;
  /** Whether frames are wanted too. */
  readonly frames: boolean;
  readonly grants: Grants;
}

interface Viewer {
  readonly response: ServerResponse;
  readonly observer: Observer;
  readonly request: FeedRequest;
  frames: FrameState[];
}

/**
 * Tells pages what happens, as server-sent events: `history` once, then `state` and `frames`, four times a second at
 * most. While nobody looks only the history goes on, and the broker shows its frames to nobody.
 */
export class Feed {
  readonly #broker: Broker;
  readonly #totals: Totals;
  readonly #history: History;
  readonly #maxViewers: number;
  readonly #viewers = new Set<Viewer>();
  #timer: NodeJS.Timeout | undefined;
  #unwatch: (() => void) | undefined;

  constructor(broker: Broker, maxViewers: number) {
    this.#broker = broker;
    this.#totals = new Totals(broker);
    this.#maxViewers = maxViewers;
    this.#history = new History(() => countersOf(broker.core));
    this.#history.start((run) => broker.core.faults.guard('the history of the inspector', run));
  }

  /** How many are looking. */
  get viewers(): number {
    return this.#viewers.size;
  }

  /** What one look shows; for those who ask once. */
  lookOnce(search: string): object {
    return new Observer(this.#broker, this.#totals, search, Number.POSITIVE_INFINITY).look();
  }

  /**
   * Begins to tell a viewer, until it goes.
   *
   * @returns false when there are too many already
   */
  open(response: ServerResponse, request: FeedRequest): boolean {
    if (this.#viewers.size >= this.#maxViewers) return false;
    const observer = new Observer(this.#broker, this.#totals, request.search);
    const viewer: Viewer = { response, observer, request, frames: [] };
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.on('close', () => this.#leave(viewer));
    this.#viewers.add(viewer);
    debug('a viewer has come: %d', this.#viewers.size);
    this.#watch();
    response.write(event('history', this.#history.tell()));
    this.#tell(viewer);
    return true;
  }

  /** Ends all. */
  close(): void {
    this.#history.close();
    for (const { response } of this.#viewers) response.end();
  }

  #leave(viewer: Viewer): void {
    this.#viewers.delete(viewer);
    debug('a viewer has gone: %d', this.#viewers.size);
    this.#watch();
  }

  #watch(): void {
    const looking = this.#viewers.size > 0;
    if (looking && this.#timer === undefined) {
      this.#timer = setInterval(() => {
        const { faults } = this.#broker.core;
        for (const viewer of this.#viewers) faults.guard('the inspector', () => this.#tell(viewer));
      }, INTERVAL).unref();
    } else if (!looking) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    const watching = [...this.#viewers].some(({ request }) => request.frames);
    if (watching) this.#unwatch ??= this.#broker.watchFrames((frame) => this.#see(frame));
    else {
      this.#unwatch?.();
      this.#unwatch = undefined;
    }
  }

  #see(frame: WatchedFrame): void {
    for (const { request, frames } of this.#viewers) {
      if (request.frames && frames.length < MAX_FRAMES) frames.push(frameFor(request.grants, frame));
    }
  }

  #tell(viewer: Viewer): void {
    const { response, observer, frames, request } = viewer;
    // Its token is gone, or may do less: the page asks anew, and is told so.
    if (!this.#broker.isCurrent(request.grants)) {
      response.end();
      return;
    }
    if (response.writableLength > MAX_UNREAD) return;
    let text = event('state', observer.look());
    if (frames.length > 0) {
      viewer.frames = [];
      text += event('frames', frames);
    }
    response.write(text);
  }
}

function event(name: string, content: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(content)}\n\n`;
}

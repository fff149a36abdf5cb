import { LeveretError } from '#framing';
import { compilePattern, type Matcher } from '../broker/delivery/patterns.ts';
import { type Deferred, defer } from './deferred.ts';
import type { Skipped } from './events.ts';
import { Message } from './message.ts';
import type { SubscribeOptions } from './options.ts';
import type { Platform } from './platform.ts';
import { Position } from './position.ts';
import { badBroker, recordEnd, skipRecord } from './wire.ts';

/** What a feed needs of its client. */
export interface FeedHost {
  /** Tell the broker, at the end of this turn, what is committed. */
  commitLater(position: Position): void;
  /** So many bytes more, or less, wait here for iterators. */
  queued(bytes: number): void;
  /** A callback has thrown. */
  callbackFailed(feed: Feed, error: unknown): void;
  /** The feed ends because of an error of its own. */
  abandon(feed: Feed, error: LeveretError): void;
}

/**
 * Messages of one frame that wait: the records from `at`, of which the first has the id `id`. The objects are made when they
 * are taken: those that wait would only keep the garbage collector busy.
 */
interface Run {
  readonly position: Position;
  readonly bytes: Uint8Array;
  at: number;
  id: number;
  readonly lastId: number;
}

/** Bytes by which what waits may change before the host is told. */
const UNTOLD = 65_536;

/** Settings of a {@link Feed}: those of the subscription, checked. */
export type FeedOptions = Required<Pick<SubscribeOptions, 'from' | 'window' | 'group' | 'prefetch'>> &
  Pick<SubscribeOptions, 'onMessage' | 'onSkipped' | 'failOnSkipped'>;

/**
 * The inside of a subscription: takes what the broker sends, and hands it to the callback or keeps it for the iterator.
 *
 * Where nobody commits but somebody iterates, the client asks the broker for a window anyway, of `prefetch` messages, and
 * commits what the iterator has taken. So a slow iterator holds up the broker for its own subscription and no other, and
 * what waits here is bounded, in a browser too, where reading from the socket cannot be stopped.
 */
export class Feed {
  readonly topic: string;
  readonly options: FeedOptions;
  readonly matches: Matcher | undefined;
  /** The window that the broker is told. */
  readonly wireWindow: number;
  readonly positions = new Map<string, Position>();
  /** Settled by the broker's first answer. */
  readonly established: Deferred<void> = defer();
  /** True when the first answer has come. */
  isEstablished = false;
  /** True while the broker sends to it. */
  isSubscribed = false;
  /** True when it begins with what is retained, whatever it began with at first: the broker began anew. */
  fromEarliest = false;
  /** For an inbox, which nobody writes to while its client is away: a reconnect loses nothing. */
  isEphemeral = false;
  /** For a pattern: topics that were subscribed on their own after a reconnect. */
  readonly resumed = new Set<string>();
  ended = false;

  readonly #host: FeedHost;
  readonly #platform: Platform;
  readonly #autoCommit: boolean;
  readonly #commitEvery: number;
  // Invariant: what waits are the #waiting messages in #runs[#head] and all behind it; while #waiters has any, nothing does.
  #runs: (Run | undefined)[] = [];
  #head = 0;
  #waiting = 0;
  #waiters: Deferred<IteratorResult<Message, undefined>>[] = [];
  // Bytes that wait, and how many of them the host knows of.
  #bytes = 0;
  #told = 0;
  #error: LeveretError | undefined;
  readonly #end = defer<LeveretError | undefined>();

  constructor(topic: string, options: FeedOptions, isPattern: boolean, host: FeedHost, platform: Platform) {
    const { window, prefetch, group, onMessage } = options;
    this.topic = topic;
    this.options = options;
    this.matches = isPattern ? compilePattern(topic) : undefined;
    this.#host = host;
    this.#platform = platform;
    this.#autoCommit = window === 0 && onMessage === undefined;
    this.wireWindow = this.#autoCommit ? prefetch : window;
    // In a group what was taken is committed at once: it would be given to others if this client died.
    this.#commitEvery = group === '' ? Math.max(1, prefetch >> 2) : 1;
    this.established.promise.catch(() => {});
  }

  /** Messages that wait for the iterator. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Resolves when the feed has ended: with the error, if one ended it. */
  get whenEnded(): Promise<LeveretError | undefined> {
    return this.#end.promise;
  }

  /** Its place in a topic, made if need be. */
  position(topic: string): Position {
    let position = this.positions.get(topic);
    if (position === undefined) {
      position = new Position(topic, this, this.#platform);
      this.positions.set(topic, position);
    }
    return position;
  }

  /** False for a place of an earlier epoch, or of an earlier connection of a group. */
  isCurrent(position: Position): boolean {
    return this.positions.get(position.topic) === position;
  }

  // #region deliver
  /**
   * Takes the records of a MESSAGES frame.
   *
   * @throws LeveretError BAD_BROKER when they are not as the protocol says
   */
  deliver(
    position: Position,
    bytes: Uint8Array,
    start: number,
    end: number,
    firstId: number,
    count: number,
  ): void {
    const known = position.received;
    const lastId = firstId + count - 1;
    if (known === 0 && position.committed === 0) position.committed = position.told = firstId - 1;
    if (lastId > known) position.received = lastId;
    if (lastId > position.delivered) position.delivered = lastId;
    if (position.committed > position.told) this.#host.commitLater(position);
    // What comes again after a reconnect is in the program's hands already. In a group ids do not come in order.
    const doneBefore = this.options.group === '' ? known : 0;
    // Checked before anything is handed out, so that a broken frame is none at all.
    let fresh = start;
    let at = start;
    for (let id = firstId; id <= lastId; id++) {
      at = recordEnd(bytes, at, end);
      if (id <= doneBefore) fresh = at;
    }
    if (at !== end) throw badBroker('bytes behind the last record of a frame');
    const firstFresh = Math.max(firstId, doneBefore + 1);
    if (firstFresh > lastId || this.ended) return;
    if (this.options.onMessage !== undefined) {
      this.#call(this.options.onMessage, position, bytes, fresh, firstFresh, lastId);
      return;
    }
    this.#runs.push({ position, bytes, at: fresh, id: firstFresh, lastId });
    this.#waiting += lastId - firstFresh + 1;
    this.#count(end - fresh);
    if (this.#waiters.length > 0) this.#wake();
  }
  // #endregion deliver

  /** Ids that will not come. */
  skipped(position: Position, fromId: number, toId: number): void {
    const from = Math.max(fromId, position.received + 1);
    position.delivered = Math.max(position.delivered, toId);
    if (position.committed === position.received) position.committed = toId;
    if (toId < from) return;
    position.received = toId;
    this.tellSkipped({ topic: position.topic, reason: 'lost', fromId: from, toId });
  }

  /** Tells the program about a gap. */
  tellSkipped(skipped: Skipped): void {
    const { onSkipped, failOnSkipped } = this.options;
    try {
      onSkipped?.(skipped);
    } catch (error) {
      this.#host.callbackFailed(this, error);
    }
    if (failOnSkipped !== true) return;
    const { topic, reason, fromId, toId } = skipped;
    const what = reason === 'lost' ? `${fromId} to ${toId} are lost` : 'were lost with the connection';
    this.#host.abandon(this, new LeveretError('SKIPPED', `messages of ${topic} ${what} (${reason})`));
  }

  /** The program has dealt with everything up to this id. */
  commit(position: Position, id: number): void {
    if (this.options.window === 0 || this.ended || !this.isCurrent(position)) return;
    if (this.options.group !== '') position.commits.push(id);
    else if (id > position.committed) position.committed = id;
    else return;
    this.#host.commitLater(position);
  }

  /** The next message, if one waits. */
  take(): Message | undefined {
    const run = this.#runs[this.#head];
    if (run === undefined) return undefined;
    const { position, bytes, at, id } = run;
    const message = new Message(position, id, bytes, at);
    run.at = skipRecord(bytes, at);
    run.id = id + 1;
    if (id === run.lastId) this.#nextRun();
    this.#waiting--;
    this.#count(at - run.at);
    if (this.#autoCommit) this.#taken(position, id);
    return message;
  }

  /** All messages that wait. */
  takeAll(): Message[] {
    const batch: Message[] = [];
    for (let message = this.take(); message !== undefined; message = this.take()) batch.push(message);
    return batch;
  }

  /** The next message, when it comes. */
  next(): Promise<IteratorResult<Message, undefined>> {
    const message = this.take();
    if (message !== undefined) return Promise.resolve({ done: false, value: message });
    if (this.ended) return this.#finish();
    const waiter = defer<IteratorResult<Message, undefined>>();
    this.#waiters.push(waiter);
    return waiter.promise;
  }

  /** It is over. What waits can still be taken, unless `drop`. */
  end(error?: LeveretError, drop = false): void {
    if (drop) this.#drop();
    if (this.ended) return;
    this.ended = true;
    this.#error = error;
    this.established.reject(
      error ?? new LeveretError('CLOSED', 'the subscription was ended before the broker had answered'),
    );
    this.#end.resolve(error);
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) this.#finish().then(waiter.resolve, waiter.reject);
  }

  #finish(): Promise<IteratorResult<Message, undefined>> {
    const error = this.#error;
    this.#error = undefined;
    return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }

  #wake(): void {
    const waiters = this.#waiters;
    let woken = 0;
    while (woken < waiters.length) {
      const message = this.take();
      if (message === undefined) break;
      waiters[woken++]?.resolve({ done: false, value: message });
    }
    waiters.splice(0, woken);
  }

  #taken(position: Position, id: number): void {
    position.committed = id;
    if (++position.handed < this.#commitEvery) return;
    position.handed = 0;
    this.#host.commitLater(position);
  }

  #call(
    onMessage: (message: Message) => void,
    position: Position,
    bytes: Uint8Array,
    start: number,
    firstId: number,
    lastId: number,
  ): void {
    let at = start;
    for (let id = firstId; id <= lastId && !this.ended; id++) {
      try {
        onMessage(new Message(position, id, bytes, at));
      } catch (error) {
        this.#host.callbackFailed(this, error);
      }
      at = skipRecord(bytes, at);
    }
  }

  #nextRun(): void {
    const runs = this.#runs;
    runs[this.#head++] = undefined;
    // Emptied, or half of it used up: begin a new array rather than let this one grow.
    if (this.#head === runs.length || (this.#head >= 64 && this.#head * 2 > runs.length)) {
      this.#runs = runs.slice(this.#head);
      this.#head = 0;
    }
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    const untold = this.#bytes - this.#told;
    if (this.#bytes !== 0 && untold < UNTOLD && untold > -UNTOLD) return;
    this.#told = this.#bytes;
    this.#host.queued(untold);
  }

  #drop(): void {
    this.#runs = [];
    this.#head = 0;
    this.#waiting = 0;
    this.#count(-this.#bytes);
  }
}

import type { Connection } from '#connections';
import { FrameReader } from '#framing';
import type { Clock } from '#topics';
import { ReadPause, type ReadPauseHost } from './read-pause.ts';
import { type Overdue, SessionDeadlines, type SessionTimeouts } from './session-deadlines.ts';
import type { PostponedWork, TurnTime } from './turn-time.ts';
import type { FrameSender, UnfinishedFrames } from './unfinished-frames.ts';

/** What reads for sessions that read no more. */
const NO_READER = new FrameReader(() => {});

/** What all {@link SessionInput}s need of the broker. */
export interface InputSettings {
  readonly limits: SessionTimeouts & { readonly helloFrameLimit: number };
  readonly turn: Pick<TurnTime, 'spent' | 'begin' | 'end' | 'later'>;
  /** What of frames has come in part, on all connections. */
  readonly unfinished: UnfinishedFrames;
  /** Whole milliseconds, by the clock of the sweeps. */
  readonly deadlineClock: Clock;
}

/** What a {@link SessionInput} needs of its session. */
export interface SessionInputHost {
  readonly connection: Pick<Connection<unknown>, 'pause' | 'resume'>;
  /** Whether nothing of it is served any more. */
  readonly isClosing: boolean;
  /** Serves a frame, whose body is `bytes[start, end)`. What it throws ends the session. */
  serve(type: number, bytes: Buffer, start: number, end: number): void;
  /** Ends the session because of what was thrown. */
  fail(thrown: unknown): void;
  /**
   * The client has ended its side, and what it sent before is served.
   *
   * @param midFrame - whether its last frame is not whole
   */
  inputEnded(midFrame: boolean): void;
}

/**
 * What comes from one client. Bytes become frames, which have their time; frames wait while the client must, or while
 * its last request is still worked on.
 */
export class SessionInput implements ReadPauseHost, PostponedWork, FrameSender {
  /** Whether, and why, the client is not read from. */
  readonly pause = new ReadPause(this);
  unfinishedBytes = 0;
  readonly #settings: InputSettings;
  readonly #host: SessionInputHost;
  #reader: FrameReader;
  readonly #deadlines: SessionDeadlines;
  // What its requests have left to do, in order. Made when first needed.
  #work: Iterator<unknown>[] | undefined;
  #queued = false;
  #endPending = false;
  // What was wrong with the stream behind the frames that wait.
  #mistake: { readonly thrown: unknown } | undefined;

  constructor(settings: InputSettings, host: SessionInputHost) {
    this.#settings = settings;
    this.#host = host;
    this.#deadlines = new SessionDeadlines(settings.deadlineClock());
    this.#reader = new FrameReader(
      (type, bytes, start, end) => {
        this.#deadlines.frameEnded();
        if (this.unfinishedBytes > 0) settings.unfinished.letGo(this);
        host.serve(type, bytes, start, end);
      },
      { limit: settings.limits.helloFrameLimit },
    );
  }

  /** Bytes have come. */
  receive(chunk: Buffer): void {
    if (this.#mistake !== undefined) return;
    this.#deadlines.heard();
    try {
      this.#reader.push(chunk);
    } catch (thrown) {
      // What came before it and waits is served first: a mistake in the stream must not overtake good requests.
      if (this.pause.on) this.#mistake = { thrown };
      else this.#host.fail(thrown);
      return;
    }
    if (this.#reader.midFrame) this.#deadlines.frameBegun(this.#settings.deadlineClock());
    const { heldBytes } = this.#reader;
    if (heldBytes > 0) this.#settings.unfinished.hold(this, heldBytes);
  }

  /** HELLO has come: frames may be so large from now on. */
  welcomed(maxFrameSize: number): void {
    this.#reader.limit = maxFrameSize;
    this.#deadlines.welcomed();
  }

  /** The client has ended its side. What it sent before is served first. */
  ended(): void {
    this.#endPending = this.pause.on;
    if (!this.#endPending && !this.#host.isClosing) this.#host.inputEnded(this.#reader.midFrame);
  }

  /** Ends the session because of what was thrown. */
  fail(thrown: unknown): void {
    this.#host.fail(thrown);
  }

  /** Nothing more is read. What there is of a frame goes now, and not when the client has gone as well. */
  finish(): void {
    this.#settings.unfinished.letGo(this);
    this.#reader = NO_READER;
  }

  /** What is overdue, if anything. */
  overdue(now: number): Overdue | undefined {
    return this.#deadlines.check(now, !this.pause.on, this.#settings.limits);
  }

  /** The client's further frames wait for a later turn. */
  awaitTurn(): void {
    this.pause.awaitTurn();
    if (this.#queued) return;
    this.#queued = true;
    this.#settings.turn.later(this);
  }

  /** A request is worked on in pieces, the first one now. The client's further frames wait until it is done. */
  workOn(work: Iterator<unknown>): void {
    if (this.#work === undefined && work.next().done) return;
    this.#work ??= [];
    this.#work.push(work);
    this.awaitTurn();
  }

  run(): boolean {
    this.#queued = false;
    if (this.#host.isClosing) return false;
    try {
      if (this.#goOn()) this.pause.turnCame();
      else this.awaitTurn();
    } catch (thrown) {
      this.#host.fail(thrown);
    }
    return false;
  }

  pauseReading(): void {
    this.#host.connection.pause();
  }

  resumeReading(): void {
    const host = this.#host;
    if (host.isClosing) return;
    try {
      this.#deadlines.resumed(this.#settings.deadlineClock(), this.#reader.midFrame);
      this.pause.replay((...frame) => host.serve(...frame));
      if (this.pause.on) return;
      if (this.#mistake !== undefined) throw this.#mistake.thrown;
      host.connection.resume();
      if (this.#endPending) this.ended();
    } catch (thrown) {
      host.fail(thrown);
    }
  }

  /** Does what requests have left to do, until the time is spent. @returns whether all of it is done */
  #goOn(): boolean {
    const { turn } = this.#settings;
    for (let work = this.#work?.[0]; work !== undefined; work = this.#work?.[0]) {
      const began = turn.begin();
      const { done } = work.next();
      if (done) this.#work?.shift();
      if (turn.end(began)) break;
    }
    if (this.#work?.length === 0) this.#work = undefined;
    return this.#work === undefined;
  }
}

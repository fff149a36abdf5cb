import type { Socket } from 'node:net';
import type { Clock, Subscriber } from '#topics';
import { type BrokerFrame, encodeBrokerFrame } from './broker-frames.ts';
import type { BrokerLimits } from './broker-options.ts';
import { takeBatch } from './message-batcher.ts';

/** Bytes of messages that go into one batch: more would only wait in the socket's queue. */
const BATCH_BYTES = 65_536;

/** What an {@link Outbox} is made with. */
export interface OutboxOptions {
  readonly limits: BrokerLimits;
  readonly clock: Clock;
  /** Called for each frame that is sent. */
  readonly onFrame: (frame: BrokerFrame) => void;
  /** Called when it is no longer overfull. */
  readonly onRelief: () => void;
}

/**
 * The writing half of one connection. Personal frames (answers, errors) do not go through the broadcast: they wait
 * here until the end of what the client asked for, and go out together, before any message. Messages are
 * taken from the subscriber's buffers only while the socket takes more, so what a slow client does not read
 * waits in its buffers, where it is counted.
 */
export class Outbox {
  readonly #socket: Socket;
  readonly #limits: { readonly maxFrameSize: number; readonly batchBytes: number };
  readonly #highWaterBytes: number;
  readonly #trace: (frame: BrokerFrame) => void;
  readonly #onRelief: () => void;
  readonly #clock: Clock;
  readonly #drainTimeoutMs: number;
  #answers: Buffer[] = [];
  // Invariant: the bytes of answers that the socket has not passed on to the system.
  #unread = 0;
  #overfullSince: number | undefined;

  constructor(socket: Socket, options: OutboxOptions) {
    const { limits, clock, onFrame, onRelief } = options;
    this.#socket = socket;
    this.#limits = { maxFrameSize: limits.maxFrameSize, batchBytes: BATCH_BYTES };
    this.#highWaterBytes = limits.highWaterBytes;
    this.#drainTimeoutMs = limits.drainTimeoutMs;
    this.#clock = clock;
    this.#trace = onFrame;
    this.#onRelief = onRelief;
  }

  /** True when the client leaves too many answers unread: stop reading its requests. */
  get overfull(): boolean {
    return this.#overfullSince !== undefined;
  }

  /** True when it has been so for too long. */
  stuck(now: number): boolean {
    return this.#overfullSince !== undefined && now - this.#overfullSince >= this.#drainTimeoutMs;
  }

  /** Queue a personal frame; `flush` sends it. */
  answer(frame: BrokerFrame): void {
    this.#answers.push(this.#encode(frame));
  }

  /** Send the personal frames that are queued, in one write. */
  flush(): void {
    if (this.#answers.length === 0 || !this.#socket.writable) return;
    const bytes = joined(this.#answers);
    this.#answers = [];
    this.#count(bytes.length);
    this.#socket.write(bytes, () => this.#count(-bytes.length));
  }

  // #region deliver
  /** Send what is ready for the subscriber, as long as the socket takes it. */
  deliver(subscriber: Subscriber): void {
    const socket = this.#socket;
    while (socket.writable && !socket.writableNeedDrain) {
      const frames = takeBatch(subscriber, this.#limits);
      if (frames.length === 0) return;
      socket.write(joined(frames.map((frame) => this.#encode(frame))));
    }
  }
  // #endregion deliver

  /** Send what is queued, then end this direction of the stream. */
  end(): void {
    this.flush();
    if (this.#socket.writable) this.#socket.end();
  }

  #encode(frame: BrokerFrame): Buffer {
    this.#trace(frame);
    return encodeBrokerFrame(frame);
  }

  #count(bytes: number): void {
    this.#unread += bytes;
    if (this.#unread > this.#highWaterBytes) {
      this.#overfullSince ??= this.#clock();
    } else if (this.#overfullSince !== undefined) {
      this.#overfullSince = undefined;
      this.#onRelief();
    }
  }
}

// Many small frames: copying them together costs less than a write for each.
function joined(frames: readonly Buffer[]): Buffer {
  const [first] = frames;
  return first !== undefined && frames.length === 1 ? first : Buffer.concat(frames);
}

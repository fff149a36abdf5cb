import { Queue } from '#topics';
import { Message } from './message.ts';
import { skipRecord } from './messages-reader.ts';
import type { Position } from './position.ts';

/**
 * Messages of one frame that wait: the records in `bytes[at, end)`, of which the first has the id `id`. The objects are made
 * when they are taken: those that wait would only keep the garbage collector busy.
 */
export interface Run {
  readonly position: Position;
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  id: number;
  readonly lastId: number;
}

/** Bytes by which what waits may change before the owner is told. */
const UNTOLD = 65_536;

/** Messages that wait for an iterator. */
export class DeliveryQueue {
  readonly #changed: (bytes: number) => void;
  readonly #runs = new Queue<Run>();
  #length = 0;
  // Bytes that wait, and how many of them the owner knows of.
  #bytes = 0;
  #told = 0;

  /** @param changed - told by how many bytes what waits has grown, or shrunk: not each time, but once it is many */
  constructor(changed: (bytes: number) => void) {
    this.#changed = changed;
  }

  /** How many messages wait. */
  get length(): number {
    return this.#length;
  }

  /** How many bytes they are. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds the messages of a frame. */
  push(run: Run): void {
    this.#runs.push(run);
    this.#length += run.lastId - run.id + 1;
    this.#count(run.end - run.at);
  }

  /** Takes out the first message, if there is one. */
  take(): Message | undefined {
    const run = this.#runs.peek();
    if (run === undefined) return undefined;
    const { position, bytes, at, id } = run;
    const message = new Message(position, id, bytes, at);
    run.at = skipRecord(bytes, at);
    run.id = id + 1;
    if (id === run.lastId) this.#runs.shift();
    this.#length--;
    this.#count(at - run.at);
    return message;
  }

  /** Forgets all messages. */
  clear(): void {
    this.#runs.clear();
    this.#length = 0;
    this.#count(-this.#bytes);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    const untold = this.#bytes - this.#told;
    if (this.#bytes !== 0 && untold < UNTOLD && untold > -UNTOLD) return;
    this.#told = this.#bytes;
    this.#changed(untold);
  }
}

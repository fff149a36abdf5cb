import type { Platform } from './platform.ts';
import { Position } from './position.ts';

/** Topics of which a subscription knows how far it has come, as long as some of them can be forgotten. */
export const MOST_POSITIONS = 8_192;
/** Topics that may hold messages which are not dealt with. */
const MOST_UNDONE = 2 * MOST_POSITIONS;
/** Places that are looked at to find one that can be forgotten. */
const LOOKS = 64;

/** What the places of a subscription need of it. */
export interface PositionsHost {
  /** False for a subscription that commits nothing: then nothing is lost with a place but the id to go on after. */
  readonly commits: boolean;
  /** The place in this topic is not known any more. */
  forgotten(topic: string): void;
  /** Too many topics hold messages that are not dealt with. */
  overfull(topics: number): void;
}

/**
 * The places of a subscription in its topics: one, or for a pattern those that it has met. A program that runs for months meets
 * ever more of them; those that it has not heard from for long are forgotten, if nothing of them is left to be done.
 */
export class Positions {
  readonly #platform: Platform;
  readonly #host: PositionsHost;
  // From those that were met, or found in use, the longest ago.
  readonly #byTopic = new Map<string, Position>();
  /** True when a place was forgotten: after a reconnect its topic goes on with what comes then. */
  isIncomplete = false;

  constructor(platform: Platform, host: PositionsHost) {
    this.#platform = platform;
    this.#host = host;
  }

  /** The place in a topic, made if need be. */
  at(topic: string): Position {
    let position = this.#byTopic.get(topic);
    if (position === undefined) {
      position = new Position(topic, this.#platform);
      this.#byTopic.set(topic, position);
      if (this.#byTopic.size > MOST_POSITIONS) this.#makeRoom(position);
    }
    return position;
  }

  /** The place in a topic, if there is one. */
  get(topic: string): Position | undefined {
    return this.#byTopic.get(topic);
  }

  /** All of them. */
  values(): Iterable<Position> {
    return this.#byTopic.values();
  }

  /** Begin anew in this topic. */
  delete(topic: string): void {
    this.#byTopic.delete(topic);
  }

  /** Begin anew in all. */
  clear(): void {
    this.#byTopic.clear();
    this.isIncomplete = false;
  }

  #makeRoom(newest: Position): void {
    let looks = 0;
    for (const position of this.#byTopic.values()) {
      if (position === newest || ++looks > LOOKS) break;
      this.#byTopic.delete(position.topic);
      if (!position.isUsed && (!this.#host.commits || position.isDone)) {
        this.isIncomplete = true;
        this.#host.forgotten(position.topic);
        if (this.#byTopic.size <= MOST_POSITIONS) return;
        continue;
      }
      // It has its second chance, behind the others.
      position.isUsed = false;
      this.#byTopic.set(position.topic, position);
    }
    if (this.#byTopic.size > MOST_UNDONE) this.#host.overfull(this.#byTopic.size);
  }
}

import type { Faults } from '../faults.ts';
import type { Inboxes } from './inboxes.ts';
import type { Topic } from './topic.ts';
import type { TopicTable } from './topic-table.ts';

/** Topics that are looked at in one turn: a broker may hold very many, and its clients are not to wait for all of them. */
const PIECE = 1_000;

/** What {@link TopicSweep} needs of the broker. */
export interface TopicSweepHost {
  readonly topics: TopicTable;
  readonly inboxes: Pick<Inboxes, 'size' | 'topics'>;
  readonly faults: Pick<Faults, 'report'>;
  readonly limits: { readonly topicIdleMs: number };
  /** Monotonic milliseconds. */
  readonly scheduler: { readonly now: number };
}

/**
 * Looks at every topic from time to time: what is too old goes, and so does a topic that holds nothing and was not used
 * for a while. A round goes on in pieces, one for each turn of the event loop.
 */
export class TopicSweep {
  readonly #host: TopicSweepHost;
  readonly #pieceSize: number;
  // The round under way.
  #topics: Iterator<Topic> | undefined;
  #left = 0;
  #settled = true;
  #done: ((settled: boolean) => void) | undefined;

  /** @param pieceSize - topics that are looked at in one turn */
  constructor(host: TopicSweepHost, pieceSize: number = PIECE) {
    this.#host = host;
    this.#pieceSize = pieceSize;
  }

  /**
   * Begins a round, unless one is under way.
   *
   * @param done - called at its end, with true when no topic holds anything that time alone would take away
   */
  begin(done?: (settled: boolean) => void): void {
    if (this.#topics !== undefined) return;
    const { inboxes, topics } = this.#host;
    this.#topics = all(topics, inboxes.topics());
    // Those that come back meanwhile are at the end of the table again: they wait for the next round.
    this.#left = topics.size + inboxes.size;
    this.#settled = true;
    this.#done = done;
    this.#goOn();
  }

  /** Ends the round that is under way. */
  close(): void {
    this.#topics = this.#done = undefined;
  }

  #goOn(): void {
    for (let i = 0; i < this.#pieceSize; i++) {
      const next = this.#left > 0 ? this.#topics?.next() : undefined;
      if (next === undefined || next.done === true) {
        const done = this.#done;
        this.close();
        done?.(this.#settled);
        return;
      }
      this.#left--;
      this.#look(next.value);
    }
    setImmediate(() => this.#goOn());
  }

  #look(topic: Topic): void {
    const { faults, limits, scheduler, topics } = this.#host;
    try {
      topic.sweep();
      if (!topic.holdsNothing) {
        if (topic.log.bytes > 0) this.#settled = false;
      } else if (scheduler.now - topic.usedAt < limits.topicIdleMs) this.#settled = false;
      else topics.vanish(topic);
    } catch (fault) {
      faults.report(fault, { where: 'the sweep over topics', topic: topic.name });
    }
  }
}

function* all(...tables: Iterable<Topic>[]): Generator<Topic> {
  for (const table of tables) yield* table;
}

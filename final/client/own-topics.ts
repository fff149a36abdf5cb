import { readLimits } from '#framing';
import { checkName } from './check-names.ts';
import type { Connection } from './connection.ts';
import { readingOptions } from './errors.ts';
import type { TopicOptions } from './publish-options.ts';
import { TopicMemory } from './topic-memory.ts';
import { type Ask, deleteTopic } from './topic-requests.ts';
import type { WaitOptions } from './wait.ts';

const TOPIC_LIMITS = {
  retentionMs: { default: 0, min: 0, max: 0xffff_ffff },
  dedupeMs: { default: 0, min: 0, max: 0xffff_ffff },
};

/** The topics that a client makes, and makes again at a broker that begins anew. */
export class OwnTopics {
  readonly #ask: Ask;
  readonly #memory = new TopicMemory();

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Makes a topic, and remembers it. */
  async create(topic: string, options: TopicOptions): Promise<void> {
    checkName(topic);
    const { retentionMs, dedupeMs } = readingOptions(() =>
      readLimits<keyof typeof TOPIC_LIMITS>(TOPIC_LIMITS, options),
    );
    await this.#ask(
      (request) => ({ type: 'CREATE', request, topic, retentionMs, dedupeMs }),
      options,
      `creating ${topic}`,
      true,
    );
    this.#memory.set(topic, retentionMs, dedupeMs);
  }

  /** Takes a topic away, and forgets it. */
  async delete(topic: string, options: WaitOptions): Promise<void> {
    await deleteTopic(this.#ask, topic, options);
    this.#memory.forget(topic);
  }

  /** Makes them all again. */
  repeatOn(connection: Connection): void {
    for (const { topic, retentionMs, dedupeMs } of this.#memory) {
      connection.push({ type: 'CREATE', request: 0, topic, retentionMs, dedupeMs });
    }
  }

  /**
   * Whether a publish may be repeated when its answer was lost.
   *
   * @throws LeveretError BAD_RETRY
   */
  mayRepeat(topic: string, key: string): () => boolean {
    return this.#memory.mayRepeat(topic, key);
  }
}

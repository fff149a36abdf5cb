import { LeveretError } from '#framing';

interface Known {
  readonly topic: string;
  readonly retentionMs: number;
  readonly dedupeMs: number;
}

/** Topics that this client has made: to make them again at a broker that began anew, and to know which of them dedupe. */
export class TopicMemory {
  readonly #topics = new Map<string, Known>();

  set(topic: string, retentionMs: number, dedupeMs: number): void {
    this.#topics.set(topic, { topic, retentionMs, dedupeMs });
  }

  /** The topic was deleted: a broker that begins anew is not to get it back. */
  forget(topic: string): void {
    this.#topics.delete(topic);
  }

  [Symbol.iterator](): Iterator<Known> {
    return this.#topics.values();
  }

  /**
   * Decides about a publish that asks to be repeated when its answer was lost.
   *
   * @returns a function that tells whether the broker still remembers the key: not longer than the topic's dedupe window,
   * counted from now
   * @throws LeveretError BAD_RETRY when it could be published twice
   */
  mayRepeat(topic: string, key: string): () => boolean {
    const dedupeMs = this.#topics.get(topic)?.dedupeMs ?? 0;
    if (key === '' || dedupeMs === 0) {
      const missing =
        key === '' ? 'the message has no key' : 'this client has given the topic no dedupeMs by createTopic';
      throw new LeveretError(
        'BAD_RETRY',
        `a publish to ${topic} cannot be repeated without doubles: ${missing}`,
      );
    }
    const until = performance.now() + dedupeMs;
    return () => performance.now() < until;
  }
}

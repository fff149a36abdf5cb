import type { Topic } from '../topics/topic.ts';
import { PatternTrie } from './pattern-trie.ts';

/** A pattern as its index sees it. */
export interface IndexedPattern {
  /** Whether it is still on its way through the topics that were there before it. */
  readonly isWalking: boolean;
  /** There is a topic that fits. */
  offer(topic: string): void;
}

/**
 * All patterns that are held. They are told of a topic when it comes into being; and, while some of them have not been led
 * to all topics yet, of a topic that is about to be published to: what is published after a SUBSCRIBE was answered is
 * delivered, however long the way through the other topics is.
 */
export class PatternIndex {
  /** Whether patterns are on their way, so that {@link PatternIndex.reach} must be called. */
  on = false;
  readonly #trie = new PatternTrie<IndexedPattern>();
  #walks = 0;

  /** How many patterns there are. */
  get size(): number {
    return this.#trie.size;
  }

  add(name: string, pattern: IndexedPattern): void {
    this.#trie.add(name, pattern);
  }

  delete(name: string, pattern: IndexedPattern): void {
    this.#trie.delete(name, pattern);
  }

  /** A pattern begins to walk through the topics. */
  walkBegan(): void {
    this.#walks++;
    this.on = true;
  }

  /** It has been led to all of them, or has left. */
  walkEnded(): void {
    this.#walks--;
    this.on = this.#walks > 0;
  }

  /** A topic has come into being: all that is ever published there is "what comes next". */
  topicCreated({ name }: Pick<Topic, 'name'>): void {
    for (const pattern of this.#trie.match(name)) pattern.offer(name);
  }

  /** Somebody publishes to a topic: patterns that have not come so far are led there first. */
  reach({ name }: Pick<Topic, 'name'>): void {
    for (const pattern of this.#trie.match(name)) if (pattern.isWalking) pattern.offer(name);
  }
}

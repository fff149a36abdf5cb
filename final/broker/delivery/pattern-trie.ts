/** A place in the trie: where the tokens that lead to it have been read. */
class Node<T> {
  /** What leads on: a token as it stands in a pattern, `*` and `>` included. */
  readonly next = new Map<string, Node<T>>();
  /** The patterns that end here. Made when first needed: most places are on the way. */
  here: Set<T> | undefined;
}

/**
 * Patterns, by their tokens. To find those that fit a name, its tokens are walked down once: what that costs depends on them
 * and on the patterns that fit or nearly fit, not on how many patterns there are.
 *
 * A name that begins with `$` is reached only by patterns whose first token is written out: nobody wants the broker's own
 * messages by accident.
 */
export class PatternTrie<T> {
  readonly #root = new Node<T>();
  #size = 0;

  /** How many values it holds. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds a value under a pattern; several may have the same one.
   *
   * @param pattern - one that `compilePattern` takes
   */
  add(pattern: string, value: T): void {
    let node = this.#root;
    for (const token of pattern.split('.')) {
      let next = node.next.get(token);
      if (next === undefined) {
        next = new Node();
        node.next.set(token, next);
      }
      node = next;
    }
    node.here ??= new Set();
    if (node.here.has(value)) return;
    node.here.add(value);
    this.#size++;
  }

  /** Takes a value out, and the places that lead to nothing any more. */
  delete(pattern: string, value: T): void {
    const tokens = pattern.split('.');
    const path = [this.#root];
    for (const token of tokens) {
      const next = path.at(-1)?.next.get(token);
      if (next === undefined) return;
      path.push(next);
    }
    const last = path.at(-1) as Node<T>;
    if (last.here?.delete(value) !== true) return;
    this.#size--;
    if (last.here.size === 0) last.here = undefined;
    for (let i = tokens.length; i > 0; i--) {
      const node = path[i] as Node<T>;
      if (node.here !== undefined || node.next.size > 0) return;
      path[i - 1]?.next.delete(tokens[i - 1] as string);
    }
  }

  /** The values whose patterns fit a topic's name, each once for each of its patterns. */
  match(topic: string): T[] {
    const found: T[] = [];
    if (this.#size > 0) this.#collect(this.#root, topic.split('.'), 0, topic.startsWith('$'), found);
    return found;
  }

  /** The names have as many tokens as fit into 255 bytes, so this goes no deeper. */
  #collect(
    { next, here }: Node<T>,
    tokens: readonly string[],
    at: number,
    reserved: boolean,
    found: T[],
  ): void {
    const token = tokens[at];
    if (token === undefined) {
      if (here !== undefined) found.push(...here);
      return;
    }
    const wild = at > 0 || !reserved;
    if (wild) {
      const rest = next.get('>')?.here;
      if (rest !== undefined) found.push(...rest);
      const any = next.get('*');
      if (any !== undefined) this.#collect(any, tokens, at + 1, reserved, found);
    }
    // A topic's name holds no token that is a wildcard: these are those of patterns.
    const same = next.get(token);
    if (same !== undefined) this.#collect(same, tokens, at + 1, reserved, found);
  }
}

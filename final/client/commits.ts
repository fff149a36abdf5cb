import type { Connection } from './connection.ts';
import type { Position } from './position.ts';
import type { SubscriptionStream } from './subscription-stream.ts';

/** What is committed here and the broker does not know of yet. It is told when the turn ends, once for each topic. */
export class Commits {
  readonly #changed: () => void;
  #toTell: { readonly stream: SubscriptionStream; readonly position: Position }[] = [];

  /** @param changed - called when there is something to tell the broker */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Tell the broker, when this turn ends, what is committed in a topic. */
  later(stream: SubscriptionStream, position: Position): void {
    if (position.listed) return;
    position.listed = true;
    this.#toTell.push({ stream, position });
    this.#changed();
  }

  /** Pushes the commits of this turn. */
  drainTo(connection: Connection): void {
    const toTell = this.#toTell;
    if (toTell.length === 0) return;
    this.#toTell = [];
    for (const { stream, position } of toTell) {
      position.listed = false;
      const { topic, commits, committed, delivered } = position;
      if (stream.ended || !stream.isSubscribed || !stream.isCurrent(position)) continue;
      for (const id of commits.splice(0)) connection.push({ type: 'COMMIT', topic, id });
      // What this connection has not delivered yet, its broker would refuse.
      const id = Math.min(committed, delivered);
      if (stream.options.group === '' ? id <= position.told : id === position.told) continue;
      position.told = id;
      connection.push({ type: 'COMMIT', topic, id });
    }
  }
}

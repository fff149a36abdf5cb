/** What a broker should answer to any request of any client, as far as the table of permissions and a little memory say it. */
import { Start } from '#protocol';
import { type Kind, type Request, TARGETS, type Target, type Verdict, verdictOf } from './table.ts';

/** A request of one of the clients. */
export interface Ask {
  readonly kind: Kind;
  readonly request: Request | 'UNSUBSCRIBE' | 'COMMIT';
  /** The frame's type. */
  readonly type: string;
  readonly name: string;
  readonly start: number;
  readonly window: number;
}

/** Remembers who holds what. */
export class Model {
  // The names that each kind of client subscribes to; an inbox among them is its own.
  readonly #held = new Map<Kind, Set<string>>();

  /** What stands behind a name now: for inboxes it depends on who has it. */
  targetOf(kind: Kind, name: string): Target {
    if (/^_inbox\.\d$/.test(name)) {
      if (this.holds(kind, name)) return 'its own inbox';
      const owned = [...this.#held.values()].some((names) => names.has(name));
      return owned ? 'the inbox of another client' : 'an inbox that nobody has';
    }
    for (const [target, names] of Object.entries(TARGETS) as [Target, readonly string[]][]) {
      if (names.includes(name)) return target;
    }
    throw new Error(`the table has no target "${name}"`);
  }

  holds(kind: Kind, name: string): boolean {
    return this.#held.get(kind)?.has(name) ?? false;
  }

  /**
   * The answers that would be right, as `OK`, `ERROR DENIED` and so on. Where permission is given, the topic's own state says
   * which of several it is.
   */
  expected(ask: Ask): string[] {
    const { kind, request, name } = ask;
    if (request === 'UNSUBSCRIBE' || request === 'COMMIT') return this.#expectedOfHeld(ask, request);
    const verdict = verdictOf(request, this.targetOf(kind, name), kind);
    if (request === 'SUBSCRIBE' || request === 'SUBSCRIBE in a group')
      return this.#expectedOfSubscribe(ask, verdict);
    const answers =
      verdict === 'yes' || verdict === 'dropped' ? (ANSWERS[ask.type] ?? []) : [`ERROR ${verdict}`];
    return ['DELETE', 'PURGE', 'INFO'].includes(ask.type) ? [...answers, 'ERROR UNSUPPORTED'] : answers;
  }

  /** The broker has done it. */
  done({ kind, request, name }: Ask): void {
    const held = this.#held.get(kind) ?? new Set();
    this.#held.set(kind, held);
    if (request === 'UNSUBSCRIBE') held.delete(name);
    else if (request === 'SUBSCRIBE' || request === 'SUBSCRIBE in a group') held.add(name);
  }

  #expectedOfSubscribe({ request, name, start }: Ask, verdict: Verdict): string[] {
    const isPattern = /[*>]/.test(name);
    const cannotStart = start === Start.AFTER && (isPattern || request === 'SUBSCRIBE in a group');
    // A request that is wrong in itself may be told so before permission is looked at.
    if (cannotStart) return ['ERROR BAD_REQUEST', ...(verdict === 'yes' ? [] : [`ERROR ${verdict}`])];
    if (verdict !== 'yes') return [`ERROR ${verdict}`];
    return start === Start.AFTER ? ['ERROR OUT_OF_RANGE'] : ['OK'];
  }

  #expectedOfHeld({ kind, name }: Ask, request: 'UNSUBSCRIBE' | 'COMMIT'): string[] {
    const isPattern = /[*>]/.test(name);
    if (request === 'COMMIT') {
      if (!this.holds(kind, name) && !this.#mayLeadTo(kind, name)) return ['ERROR NOT_SUBSCRIBED'];
      // Ids belong to topics.
      return isPattern ? ['ERROR NOT_SUBSCRIBED'] : ['nothing', 'ERROR NOT_SUBSCRIBED'];
    }
    if (this.holds(kind, name)) return ['OK'];
    return this.#mayLeadTo(kind, name) ? ['OK', 'ERROR NOT_SUBSCRIBED'] : ['ERROR NOT_SUBSCRIBED'];
  }

  /** Whether a pattern that the client holds could lead there. */
  #mayLeadTo(kind: Kind, name: string): boolean {
    return [...(this.#held.get(kind) ?? [])].some((held) => /[*>]/.test(held)) && !/[*>]/.test(name);
  }
}

/** What is answered to who may ask. */
const ANSWERS: Readonly<Record<string, string[]>> = {
  PUBLISH: ['PUBLISHED'],
  CREATE: ['OK', 'ERROR TOPIC_EXISTS'],
  DELETE: ['OK', 'ERROR NO_TOPIC'],
  PURGE: ['OK', 'ERROR NO_TOPIC'],
  INFO: ['TOPIC', 'ERROR NO_TOPIC'],
};

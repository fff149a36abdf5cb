import { ProtocolError } from '#protocol';
import { compilePattern } from '../delivery/patterns.ts';
import {
  isInbox,
  isReserved,
  isSystemTopic,
  SYSTEM_PREFIX,
  SYSTEM_TOPICS,
} from '../topics/reserved-names.ts';
import type { Grants } from './grants.ts';
import { patternsOverlap } from './pattern-overlap.ts';
import { Token } from './token.ts';

/** What somebody may do: lists of topics or patterns. An empty list allows nothing. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** Topics to create with settings, to delete and to purge. */
  readonly manage: readonly string[];
}

/** Permissions of which any may be left out: then everything is allowed. */
export interface Allowed {
  /** Topics or patterns to publish to. */
  readonly publish?: readonly string[] | undefined;
  /** Topics or patterns to subscribe to. */
  readonly subscribe?: readonly string[] | undefined;
  /**
   * Topics or patterns whose settings and messages may be changed: to create with settings, to delete and to purge.
   * @defaultValue those of `publish`
   */
  readonly manage?: readonly string[] | undefined;
}

/** A token, and what its holder may do. */
export interface TokenRule extends Allowed {
  /** The secret; or leave it out and give `tokenSha256`. */
  readonly token?: string | undefined;
  /**
   * The SHA-256 of the secret, in 64 hexadecimal digits: so that a file needs not hold it. It hides a long random token, not
   * a short word.
   */
  readonly tokenSha256?: string | undefined;
  /** What the holder is called in the broker's log. */
  readonly name?: string | undefined;
}

/** Who may use the broker, and for what. */
export interface AccessRules {
  /** Tokens that are let in. Lists left out allow everything. */
  readonly tokens?: readonly TokenRule[] | undefined;
  /** What clients without a token may do; left out, they are refused. */
  readonly anonymous?: Allowed | undefined;
}

/** Grants, and what they were made of. */
interface Rights {
  readonly grants: Grants;
  readonly rule: string;
}

interface Holder extends Rights {
  readonly token: Token;
}

/** What other rules mean for somebody who is connected: nothing, other permissions, or that they are no longer let in. */
export type Verdict = 'kept' | 'changed' | 'gone';

/** Decides who may come in and what they may do. */
export class Access {
  #holders: readonly Holder[] = [];
  #anonymous: Rights | undefined;
  #isGuarded = false;
  // Without rules a token that is sent all the same means nothing.
  #looksAtTokens = false;

  constructor(rules?: AccessRules) {
    this.replace(rules);
  }

  /** False when anybody may do anything: see {@link isGuarded}. */
  get isGuarded(): boolean {
    return this.#isGuarded;
  }

  /**
   * From now on these rules hold. Who has the same permissions by both keeps the same grants.
   *
   * @returns what it means for the holder of grants that were given out under the rules before
   */
  replace(rules: AccessRules | undefined): (grants: Grants) => Verdict {
    const before = this.#holders;
    const anonymous = rules === undefined ? {} : rules.anonymous;
    this.#isGuarded = isGuarded(rules);
    this.#looksAtTokens = rules !== undefined;
    this.#holders = (rules?.tokens ?? []).map((rule) => {
      const token = new Token(rule);
      return {
        token,
        ...rightsOf(
          rule,
          before.find((holder) => holder.token.equals(token)),
        ),
      };
    });
    this.#anonymous = anonymous === undefined ? undefined : rightsOf(anonymous, this.#anonymous);
    return (grants) => {
      if (this.isCurrent(grants)) return 'kept';
      const holder = before.find((each) => each.grants === grants);
      // Who came without a token may have one to show by now.
      if (holder === undefined) return 'changed';
      return this.#holders.some(({ token }) => token.equals(holder.token)) ? 'changed' : 'gone';
    };
  }

  /** Whether grants are those of somebody whom the present rules let in. */
  isCurrent(grants: Grants): boolean {
    return this.#anonymous?.grants === grants || this.#holders.some((holder) => holder.grants === grants);
  }

  /**
   * What the holder of this token may do; an empty token is nobody in particular.
   *
   * @throws ProtocolError DENIED
   */
  admit(token: string): Grants {
    const grants = this.lookUp(token);
    if (grants !== undefined) return grants;
    const message = token === '' ? 'this broker asks for a token' : 'this token is not known here';
    throw new ProtocolError('DENIED', message, { fatal: true });
  }

  /** What the holder of this token may do, or undefined when they are refused. */
  lookUp(token: string): Grants | undefined {
    if (token === '' || !this.#looksAtTokens) return this.#anonymous?.grants;
    // Every holder is compared: the time taken does not tell which one it was.
    let found: Grants | undefined;
    const given = new Token({ token });
    for (const holder of this.#holders) {
      if (holder.token.equals(given)) found = holder.grants;
    }
    return found;
  }
}

/**
 * Whether rules keep anybody from anything. Those that let everybody read and write everything do not: they are as good as
 * none.
 */
export function isGuarded(rules: AccessRules | undefined): boolean {
  if (rules === undefined) return false;
  const { anonymous } = rules;
  if (anonymous === undefined) return true;
  const { publish, subscribe } = anonymous;
  return [publish, subscribe].some((patterns) => patterns !== undefined && !patterns.includes('>'));
}

/** The rights that a rule gives: those of before, if they are the same. */
function rightsOf(allowed: Allowed, before: Rights | undefined): Rights {
  const { publish, subscribe, manage } = allowed;
  const rule = JSON.stringify([publish ?? null, subscribe ?? null, manage ?? null]);
  if (before?.rule === rule) return { grants: before.grants, rule };
  return { grants: grantsOf(allowed), rule };
}

function grantsOf({ publish, subscribe, manage = publish }: Allowed): Grants {
  const mayPublish = anyOf(publish);
  const subscribable = anyOf(subscribe);
  const mayManage = anyOf(manage);
  const maySubscribe = (topic: string): boolean =>
    (!isReserved(topic) || isSystemTopic(topic)) && subscribable(topic);
  return {
    // Replies go to inboxes, whose names only those know who were asked.
    mayPublish: (topic) => !topic.startsWith(SYSTEM_PREFIX) && (isInbox(topic) || mayPublish(topic)),
    maySubscribe,
    maySubscribeSome: (pattern) => {
      if (isInbox(pattern)) return false;
      if (pattern.startsWith(SYSTEM_PREFIX)) {
        const matches = compilePattern(pattern);
        return SYSTEM_TOPICS.some((topic) => matches(topic) && maySubscribe(topic));
      }
      return subscribe === undefined || subscribe.some((permitted) => patternsOverlap(permitted, pattern));
    },
    mayManage: (topic) => !isReserved(topic) && mayManage(topic),
  };
}

function anyOf(patterns: readonly string[] | undefined): (topic: string) => boolean {
  if (patterns === undefined) return () => true;
  const matchers = patterns.map((pattern) => compilePattern(pattern));
  return (topic) => matchers.some((matches) => matches(topic));
}

/**
 * Raw conversations that every broker of the course must have in the same way: bytes in, frames out. Chapter 4,
 * chapter 6 and final run this same file; only what docs/protocol.md leaves open is told by knobs.
 *
 * Each conversation is core or product. Core is the protocol itself: the small brokers of the chapters have all of it.
 * Product is what a broker for the open internet has besides: tokens, deadlines, limits on strangers.
 */
import { after, describe } from 'node:test';
import { connectionConversations } from './connection-conversations.ts';
import type { Address } from './conversation-client.ts';
import { deliveryConversations } from './delivery-conversations.ts';
import { topicConversations } from './topic-conversations.ts';
import { vectorConversations } from './vector-conversations.ts';

/** Options that the suite gives. Every broker takes the core ones by these names, and may ignore the others. */
export interface StartOptions {
  readonly maxFrameSize?: number;
  readonly closeTimeoutMs?: number;
  readonly drainTimeoutMs?: number;
  readonly maxConnections?: number;
  readonly maxSubscriptions?: number;
  readonly maxTopics?: number;
  readonly maxTopicBytes?: number;
  readonly maxRetainedBytes?: number;
  readonly maxLagMessages?: number;
  readonly maxLagBytes?: number;
  readonly maxKeys?: number;
  /** Product. */
  readonly token?: string;
  /** Product. */
  readonly helloTimeoutMs?: number;
  /** Product. */
  readonly frameTimeoutMs?: number;
  /** Product. */
  readonly idleMs?: number;
  /** Product. */
  readonly maxPending?: number;
}

/** A broker that a conversation is had with. */
export interface StartedBroker extends Address {
  close(): Promise<void>;
}

export type StartBroker = (options: StartOptions) => Promise<StartedBroker>;

/** What belongs to the protocol's core, and what only a product has. */
export type Level = 'core' | 'product';

/** The parts of the suite, in its order. */
const PARTS = {
  'golden vectors': vectorConversations,
  connections: connectionConversations,
  topics: topicConversations,
  delivery: deliveryConversations,
} as const;

/** A part of the suite. */
export type Part = keyof typeof PARTS;

/** Where brokers may differ. */
export interface Knobs {
  /** Which parts of the suite. @defaultValue all of them */
  readonly parts?: readonly Part[];
  /** Which conversations are had: `product` means all of them. @defaultValue `'core'` */
  readonly level?: Level;
  /** What the broker has beyond chapter 4. @defaultValue nothing */
  readonly features?: readonly ('groups' | 'patterns' | 'topics')[];
}

/** The broker that the conversations are about, and how many of them went well. */
export interface Subject {
  readonly start: StartBroker;
  readonly level: Level;
  readonly features: ReadonlySet<string>;
  readonly had: Record<Level, number>;
  readonly passed: Record<Level, number>;
}

/** Registers the conversations as tests. */
export function conversationSuite(name: string, start: StartBroker, knobs: Knobs = {}): void {
  const { parts = Object.keys(PARTS) as Part[], level = 'core', features = [] } = knobs;
  const [had, passed] = [
    { core: 0, product: 0 },
    { core: 0, product: 0 },
  ];
  const subject: Subject = { start, level, features: new Set(features), had, passed };
  for (const part of parts) describe(`${name}: ${part}`, () => PARTS[part](subject));
  after(() => {
    const counts = (['core', 'product'] as const).map((of) => `${passed[of]} of ${had[of]} ${of}`);
    console.log(`${name}: ${counts.join(' and ')} conversations passed`);
  });
}

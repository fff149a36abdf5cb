/**
 * Raw conversations that every broker of the course must have in the same way: bytes in, frames out. Chapter 4,
 * chapter 6 and final run this same file; only what docs/protocol.md leaves open is told by knobs.
 */
import { describe } from 'node:test';
import { connectionConversations } from './connection-conversations.ts';
import { deliveryConversations } from './delivery-conversations.ts';
import type { Address } from './raw-client.ts';
import { topicConversations } from './topic-conversations.ts';
import { vectorConversations } from './vector-conversations.ts';

/** Limits that the suite makes small. Every broker of the course takes them by these names. */
export interface StartOptions {
  readonly token?: string;
  readonly maxFrameSize?: number;
  readonly helloTimeoutMs?: number;
  readonly frameTimeoutMs?: number;
  readonly idleMs?: number;
  readonly closeTimeoutMs?: number;
  readonly drainTimeoutMs?: number;
  readonly maxConnections?: number;
  readonly maxPending?: number;
  readonly maxSubscriptions?: number;
  readonly maxTopics?: number;
  readonly maxTopicBytes?: number;
  readonly maxRetainedBytes?: number;
  readonly maxLagMessages?: number;
  readonly maxLagBytes?: number;
  readonly maxKeys?: number;
}

/** A broker that a conversation is had with. */
export interface StartedBroker extends Address {
  close(): Promise<void>;
}

export type StartBroker = (options: StartOptions) => Promise<StartedBroker>;

/** Where brokers may differ. */
export interface Knobs {
  /**
   * Where duplicates are dropped: at each subscriber, or at the topic (then they get no id).
   * @defaultValue `'subscriber'`
   */
  readonly dedupe?: 'subscriber' | 'topic';
  /** What the broker has beyond chapter 4. @defaultValue nothing */
  readonly features?: readonly ('groups' | 'patterns')[];
}

/** Register the conversations as tests. */
export function conversationSuite(name: string, start: StartBroker, knobs: Knobs = {}): void {
  const { dedupe = 'subscriber', features = [] } = knobs;
  describe(`${name}: golden vectors`, () => vectorConversations(start, new Set(features)));
  describe(`${name}: connections`, () => connectionConversations(start));
  describe(`${name}: topics`, () => topicConversations(start, dedupe));
  describe(`${name}: delivery`, () => deliveryConversations(start));
}

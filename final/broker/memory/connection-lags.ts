import type { HeldClient, TopicReader } from '../topics/topic-reader.ts';

/** What was too much is brought down to this share of the limit. */
const LEFT_SHARE = 0.5;

/** How far a connection may lag with all its subscriptions. */
export interface ConnectionLagLimits {
  readonly maxLagBytes: number;
  readonly maxLagMessages: number;
}

/** What is done about a reader that lags too far: its topic's policy. */
export interface LagPolicy {
  overdue(reader: TopicReader): void;
}

/** Readers on whose account one client lags, and how far in all. */
interface ClientLag {
  bytes: number;
  messages: number;
  readonly readers: TopicReader[];
}

/**
 * How far each client lags with all its subscriptions together: one that reads many topics slowly may hold no more than
 * one that reads one. Only readers that are behind are looked at, from time to time.
 */
export class ConnectionLags {
  readonly #limits: ConnectionLagLimits;
  // Invariant: a reader is in it exactly while its `watched` is true.
  readonly #behind = new Map<TopicReader, LagPolicy>();

  constructor(limits: ConnectionLagLimits) {
    this.#limits = limits;
  }

  /** How many readers are looked at. */
  get size(): number {
    return this.#behind.size;
  }

  /** A reader of a topic is behind, or was a moment ago. Asked for at each flush, so look at `watched` first. */
  watch(reader: TopicReader, slow: LagPolicy): void {
    reader.watched = true;
    this.#behind.set(reader, slow);
  }

  /** A reader is gone, or has caught up. */
  forget(reader: TopicReader): void {
    reader.watched = reader.crowded = false;
    this.#behind.delete(reader);
  }

  /** Deals with clients that lag beyond the limit, as the policy says: on account of their largest lags first. */
  sweep(): void {
    const { maxLagBytes, maxLagMessages } = this.#limits;
    for (const { bytes, messages, readers } of this.#sum().values()) {
      const rest = { bytes, messages };
      const isCrowded = (share: number): boolean =>
        rest.bytes > maxLagBytes * share || rest.messages > maxLagMessages * share;
      for (const reader of readers) reader.crowded &&= isCrowded(LEFT_SHARE);
      if (!isCrowded(1)) continue;
      for (const reader of readers.sort((a, b) => b.lagBytes - a.lagBytes)) {
        if (!isCrowded(LEFT_SHARE)) break;
        rest.bytes -= reader.lagBytes;
        rest.messages -= reader.lagMessages;
        reader.crowded = true;
        // Where the first one ended the connection, the others are gone.
        this.#behind.get(reader)?.overdue(reader);
      }
    }
  }

  #sum(): Map<HeldClient, ClientLag> {
    const clients = new Map<HeldClient, ClientLag>();
    for (const reader of this.#behind.keys()) {
      const { lagBytes, lagMessages } = reader;
      const [client] = reader.waitsFor;
      if (client === undefined || (lagBytes === 0 && lagMessages === 0)) {
        this.forget(reader);
        continue;
      }
      const lag = clients.get(client) ?? { bytes: 0, messages: 0, readers: [] };
      clients.set(client, lag);
      lag.bytes += lagBytes;
      lag.messages += lagMessages;
      lag.readers.push(reader);
    }
    return clients;
  }
}

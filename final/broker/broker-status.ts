import type { ConnectionStatus } from '#connections';
import type { BufferReport } from './memory/buffered-memory.ts';
import type { MemoryReport } from './memory/retained-memory.ts';

/** What a broker holds and has done. */
export interface BrokerStatus extends MemoryReport, BufferReport {
  /** Number of this run of the broker. */
  readonly epoch: number;
  readonly topics: number;
  /** Inboxes that clients own: topics for replies, which do not count as topics. */
  readonly inboxes: number;
  /** Subscriptions of all clients, of all kinds. */
  readonly subscriptions: number;
  /** Messages that were published since it started. */
  readonly published: number;
  /** Bytes of sealed log that are held. */
  readonly logBytes: number;
  /** Faults of the broker itself since it started. */
  readonly internalErrors: number;
  readonly uptimeMs: number;
  /** How late the event loop serves its timers: the 99th percentile. */
  readonly eventLoopDelayMs: number;
  readonly connections: ConnectionStatus;
}

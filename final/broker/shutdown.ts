import type { ConnectionTable } from '#connections';
import { MAX_TIMEOUT_MS } from '#framing';
import type { Session } from './session/session.ts';
import type { Topic } from './topics/topic.ts';

/** What is lost when a broker ends. */
export interface Discarded {
  /** Connections that had not taken everything by the deadline. */
  readonly connectionsCutOff: number;
  /** Bytes that were buffered for them. */
  readonly unsentBytes: number;
  /** Messages that subscribers had not been sent, as they were too slow or their windows were full. */
  readonly undeliveredMessages: number;
  /** Topics, and what they retained for clients who come later. */
  readonly topics: number;
  readonly retainedMessages: number;
  readonly retainedBytes: number;
}

/** What {@link shutDown} needs of the broker. */
export interface ShutdownHost {
  readonly table: Pick<ConnectionTable<Session>, 'shutdown' | 'size' | typeof Symbol.iterator>;
  readonly topics: Iterable<Topic> & { readonly size: number };
  sessions(): Iterable<Session>;
  /** Does something for a session. A fault in it ends that session, and nothing else. */
  onSession(session: Session, act: (session: Session) => void): void;
}

/** Added to the deadline of single connections, so that the one for all is first. */
const CUT_OFF_MS = 5_000;

/** How often it is looked whether clients have taken what is published. */
const DRAIN_CHECK_MS = 10;

/**
 * Sends every client what is published, and then CLOSING. Who has not taken it by the deadline is cut off.
 *
 * @param deadline - milliseconds
 * @returns what is lost
 */
export async function shutDown(host: ShutdownHost, deadline: number): Promise<Discarded> {
  const until = performance.now() + deadline;
  let undeliveredMessages = 0;
  const end = (session: Session): void =>
    host.onSession(session, () => {
      undeliveredMessages += session.subscriptions.lag;
      session.close('shutdown', Math.min(deadline + CUT_OFF_MS, MAX_TIMEOUT_MS));
    });
  const behind = new Set<Session>();
  for (const session of host.sessions()) {
    host.onSession(session, () => session.subscriptions.deliverRest());
    if (!session.isBehind) end(session);
    else {
      // It publishes no more, and takes what there is.
      session.connection.pause();
      behind.add(session);
    }
  }
  while (behind.size > 0 && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, DRAIN_CHECK_MS));
    for (const session of behind) {
      if (session.isBehind) continue;
      behind.delete(session);
      end(session);
    }
  }
  for (const session of behind) end(session);
  let connectionsCutOff = 0;
  let unsentBytes = 0;
  const left = Math.max(0, Math.ceil(until - performance.now()));
  // Made before that of the table, which cuts them off, and so fires before it.
  const atDeadline = setTimeout(() => {
    connectionsCutOff = host.table.size;
    for (const connection of host.table) unsentBytes += connection.queuedBytes;
  }, left);
  await host.table.shutdown({ deadlineMs: left });
  clearTimeout(atDeadline);
  return { connectionsCutOff, unsentBytes, undeliveredMessages, ...retainedBy(host.topics) };
}

/** What is held for clients who come later: it goes with the broker. */
function retainedBy(
  topics: ShutdownHost['topics'],
): Pick<Discarded, 'topics' | 'retainedMessages' | 'retainedBytes'> {
  let retainedMessages = 0;
  let retainedBytes = 0;
  for (const { log, settings } of topics) {
    if (settings.retentionMs === 0) continue;
    retainedBytes += log.bytes;
    retainedMessages += log.lastId - log.firstId + 1;
  }
  return { topics: topics.size, retainedMessages, retainedBytes };
}

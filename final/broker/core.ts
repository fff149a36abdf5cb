import { randomInt } from 'node:crypto';
import { type Connection, ConnectionTable, createLoopClock } from '#connections';
import { brokerCodec, errorFrame, ProtocolError } from '#protocol';
import { type Clock, monotonicClock } from '#topics';
import type { Access, Verdict } from './access/access.ts';
import type { Grants } from './access/grants.ts';
import type { BrokerStatus } from './broker-status.ts';
import { Groups } from './delivery/groups.ts';
import { InboxSubscriptions } from './delivery/inbox-subscription.ts';
import { PatternIndex } from './delivery/pattern-index.ts';
import { PatternSubscriptions } from './delivery/pattern-subscription.ts';
import { PlainSubscriptions } from './delivery/plain-subscription.ts';
import { SubscriptionTotal } from './delivery/subscription-total.ts';
import { EventLoopDelay } from './event-loop-delay.ts';
import { Faults } from './faults.ts';
import type { BrokerLimits } from './limits.ts';
import type { Logger } from './logger.ts';
import { BufferedMemory } from './memory/buffered-memory.ts';
import { ConnectionLags } from './memory/connection-lags.ts';
import { RetainedMemory } from './memory/retained-memory.ts';
import { RefusedLogins } from './refused-logins.ts';
import { FrameTrace } from './session/frame-trace.ts';
import { FrameWatch } from './session/frame-watch.ts';
import { PendingSessions } from './session/pending-sessions.ts';
import { Requests } from './session/requests.ts';
import { Session, type SessionHost } from './session/session.ts';
import { TickScheduler } from './session/tick-scheduler.ts';
import { TurnTime } from './session/turn-time.ts';
import { UnfinishedFrames } from './session/unfinished-frames.ts';
import { type Discarded, shutDown } from './shutdown.ts';
import { TopicAudit } from './topic-audit.ts';
import { Inboxes } from './topics/inboxes.ts';
import { SystemTopics } from './topics/system-topics.ts';
import { TopicSweep } from './topics/topic-sweep.ts';
import { TopicTable } from './topics/topic-table.ts';

/** What a {@link BrokerCore} is made of. */
export interface CoreSettings {
  readonly limits: BrokerLimits;
  /** How often deadlines are looked at, in milliseconds. */
  readonly sweepIntervalMs: number;
  /** Monotonic milliseconds, for tests; left out it is the process's own, and deadlines do not count time in which it was stopped. */
  readonly clock?: Clock | undefined;
  readonly access: Access;
  readonly logger: Logger;
}

/**
 * The broker without its listeners: connections, what their clients say, and one log for each topic. It takes in streams
 * of bytes, from wherever they come.
 *
 * Source: the seed psa, with the protocol and the semantics of zaichik.
 */
export class BrokerCore {
  readonly limits: BrokerLimits;
  readonly topics: TopicTable;
  readonly inboxes: Inboxes;
  readonly memory: RetainedMemory;
  readonly buffered: BufferedMemory;
  readonly table: ConnectionTable<Session>;
  readonly patterns: PatternSubscriptions;
  readonly unfinished: UnfinishedFrames;
  /** Those of all sessions together. */
  readonly subscriptions: SubscriptionTotal;
  readonly system: SystemTopics;
  readonly sweep: TopicSweep;
  readonly faults: Faults;
  readonly refusedLogins: RefusedLogins;
  readonly audit: TopicAudit;
  readonly watch: FrameWatch;
  /** Number of this run of the broker: ids mean something only within it. */
  readonly epoch = randomInt(1, 2 ** 47);

  readonly #sweepIntervalMs: number;
  readonly #eventLoopDelay = new EventLoopDelay();
  readonly #startedAt = performance.now();
  readonly #lags: ConnectionLags;
  #idleSweep: NodeJS.Timeout | undefined;
  readonly #pending: PendingSessions;

  constructor({ limits, sweepIntervalMs, clock, access, logger }: CoreSettings) {
    this.limits = limits;
    this.#pending = new PendingSessions(limits.maxPending);
    this.#sweepIntervalMs = sweepIntervalMs;
    const faults = new Faults(logger);
    const scheduler = new TickScheduler(clock ?? monotonicClock, faults);
    // The table's deadlines and the sessions' run by the same clock.
    const deadlineClock = clock ?? createLoopClock(sweepIntervalMs);
    const lags = new ConnectionLags(limits);
    const memory = new RetainedMemory({ ...limits, logger, clock: clock ?? monotonicClock });
    const index = new PatternIndex();
    const topics = new TopicTable({
      limits,
      scheduler,
      memory,
      lags,
      patterns: index,
      topicCreated: (topic) => {
        logger.debug({ topic: topic.name }, 'topic created');
        index.topicCreated(topic);
      },
      readerAdded: (topic) => this.system.readerAdded(topic),
    });
    const inboxes = new Inboxes({ limits, scheduler, memory, lags });
    const groups = new Groups(topics, limits);
    this.sweep = new TopicSweep({ topics, inboxes, faults, limits, scheduler });
    this.faults = faults;
    this.topics = topics;
    this.inboxes = inboxes;
    this.memory = memory;
    this.#lags = lags;
    this.watch = new FrameWatch(faults);
    this.unfinished = new UnfinishedFrames(Math.max(limits.maxUnfinishedBytes, limits.maxFrameSize));
    this.subscriptions = new SubscriptionTotal(limits.maxTotalSubscriptions);
    this.patterns = new PatternSubscriptions({ limits, topics, index });
    this.system = new SystemTopics({
      topics,
      faults,
      status: () => this.status(),
      groupsOf: (topic) => groups.namesOf(topic),
    });
    this.refusedLogins = new RefusedLogins(logger);
    this.audit = new TopicAudit(logger);
    const turn = new TurnTime(clock);
    const { maxTotalBufferedBytes } = limits;
    this.buffered = new BufferedMemory({
      maxTotalBufferedBytes,
      logger,
      faults,
      clients: () => this.sessions(),
    });
    const { refusedLogins, audit } = this;
    const requests = new Requests({
      limits,
      topics,
      inboxes,
      memory,
      access,
      logger,
      refusedLogins,
      audit,
      turn,
    });
    const host: SessionHost = {
      limits,
      scheduler,
      deadlineClock: () => Math.round(deadlineClock()),
      turn,
      faults,
      trace: new FrameTrace(this.watch),
      epoch: this.epoch,
      buffered: this.buffered,
      unfinished: this.unfinished,
      subscriptions: this.subscriptions,
      kinds: [
        this.patterns,
        groups,
        new InboxSubscriptions(inboxes, limits),
        new PlainSubscriptions(topics, limits),
      ],
      serve: requests.serve.bind(requests),
      settled: (session) => this.#pending.delete(session),
    };
    this.table = new ConnectionTable<Session>(
      {
        maxConnections: limits.maxConnections,
        writeTimeoutMs: limits.drainTimeoutMs,
        closeTimeoutMs: limits.closeTimeoutMs,
        sweepIntervalMs,
        clock: deadlineClock,
      },
      {
        opened: (connection) => this.#opened(connection, host),
        received: ({ context }, chunk) => context?.receive(chunk),
        drained: ({ context }) => this.onSession(context, (session) => session.drained()),
        ended: ({ context }) => this.onSession(context, (session) => session.ended()),
        closed: ({ context }, reason) => {
          this.onSession(context, (session) => session.closed());
          logger.debug({ connection: context?.number, client: context?.name, reason }, 'client gone');
          if (this.table.size === 0) this.#sweepUnwatched();
        },
        refused: (reason) => brokerCodec.encode(errorFrame(this.#refusal(reason))),
        swept: (now) => this.#sweep(now),
      },
    );
  }

  /** All sessions, in the order in which they connected. */
  *sessions(): Generator<Session> {
    for (const { context } of this.table) if (context !== undefined) yield context;
  }

  /** Messages that were published since it started. */
  get published(): number {
    return this.topics.published + this.inboxes.published;
  }

  /** What it holds and has done. Walks over everything: for people and monitors. */
  status(): BrokerStatus {
    let logBytes = 0;
    for (const { log } of this.topics) logBytes += log.bytes;
    for (const { log } of this.inboxes.topics()) logBytes += log.bytes;
    return {
      epoch: this.epoch,
      topics: this.topics.size,
      inboxes: this.inboxes.size,
      subscriptions: this.subscriptions.size,
      published: this.published,
      logBytes,
      ...this.memory.report(),
      ...this.buffered.report(),
      internalErrors: this.faults.count,
      uptimeMs: Math.round(performance.now() - this.#startedAt),
      eventLoopDelayMs: this.#eventLoopDelay.read().p99,
      connections: this.table.status(),
    };
  }

  /**
   * Ends in good order: no new connections; each client is sent what is published, and CLOSING; who has not taken
   * it by the deadline is cut off.
   *
   * @param deadline - milliseconds
   * @returns what is lost with it
   */
  async close(deadline: number): Promise<Discarded> {
    this.system.close();
    const discarded = await shutDown(this, deadline);
    clearInterval(this.#idleSweep);
    this.sweep.close();
    this.refusedLogins.close();
    this.audit.close();
    this.#eventLoopDelay.close();
    return discarded;
  }

  /** Ends the sessions whose grants are no longer what they were. */
  revoke(verdictOn: (grants: Grants) => Verdict): { gone: number; changed: number } {
    const ended = { gone: 0, changed: 0 };
    for (const session of this.sessions()) {
      const verdict = session.state === 'ready' ? verdictOn(session.grants) : 'kept';
      if (verdict === 'kept') continue;
      ended[verdict]++;
      this.onSession(session, () => session.revoke(verdict));
    }
    return ended;
  }

  #opened(connection: Connection<Session>, host: SessionHost): void {
    const session = new Session(host, connection);
    connection.context = session;
    this.#pending.add(session);
  }

  #refusal(reason: 'full' | 'shutdown'): ProtocolError {
    if (reason === 'shutdown') return new ProtocolError('SHUTDOWN', 'this broker is shutting down');
    const { maxConnections } = this.limits;
    return new ProtocolError('FULL', `this broker holds ${maxConnections} connections, its limit`);
  }

  /** Does something for a session. A fault in it ends that session, and nothing else. */
  onSession(session: Session | undefined, act: (session: Session) => void): void {
    if (session === undefined) return;
    try {
      act(session);
    } catch (fault) {
      this.faults.guard('the end of a session', () => session.fail(fault));
    }
  }

  #sweep(now: number): void {
    for (const session of this.sessions()) this.onSession(session, () => session.sweep(now));
    this.sweep.begin();
    this.faults.guard('the sweep over lags', () => this.#lags.sweep());
    this.faults.guard('the sweep over memory', () => this.memory.sweep());
    this.faults.guard('the sweep over what is buffered', () => this.buffered.look());
  }

  /** With nobody connected the table does not sweep. What was retained must go in time all the same. */
  #sweepUnwatched(): void {
    const done = (settled: boolean) => {
      if (!settled && this.table.size === 0) return;
      clearInterval(this.#idleSweep);
      this.#idleSweep = undefined;
    };
    this.#idleSweep ??= setInterval(() => this.sweep.begin(done), this.#sweepIntervalMs).unref();
  }
}

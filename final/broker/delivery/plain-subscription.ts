import { Cursor } from '#log';
import { brokerCodec, ProtocolError, Start } from '#protocol';
import { checkGrant } from '../access/grants.ts';
import { notGivenOut, type Topic } from '../topics/topic.ts';
import type { ReaderReport, TopicReader } from '../topics/topic-reader.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import { DeliveryWindow } from './delivery-window.ts';
import type {
  ReaderHost,
  Resumable,
  SubscribeFrame,
  Subscription,
  SubscriptionHost,
  SubscriptionKind,
} from './subscription.ts';

/** Subscriptions to one topic, for the client alone. */
export class PlainSubscriptions implements SubscriptionKind {
  readonly #topics: TopicTable;
  readonly #maxTopicBytes: number;

  constructor(topics: TopicTable, { maxTopicBytes }: { readonly maxTopicBytes: number }) {
    this.#topics = topics;
    this.#maxTopicBytes = maxTopicBytes;
  }

  claims(): boolean {
    return true;
  }

  check({ topic }: SubscribeFrame, { grants }: SubscriptionHost): void {
    checkGrant(grants, 'maySubscribe', topic, this.#maxTopicBytes);
  }

  subscribe(frame: SubscribeFrame, client: SubscriptionHost): PlainSubscription {
    const { topic: name, start, after, window } = frame;
    // A request that is refused leaves no topic behind.
    const newest = this.#topics.lastIdOf(name);
    if (start === Start.AFTER && after > newest) throw notGivenOut(newest, after);
    const topic = this.#topics.use(name);
    const { skippedFrom, nextId } = topic.place(start, after);
    return new PlainSubscription(topic, client, nextId, window, skippedFrom);
  }
}

/**
 * One client that reads one topic: a cursor in the log, and what the client may have of what lies before it. Nothing
 * is queued here. What a slow client has not got yet is in the log, where it is for everybody.
 */
export class PlainSubscription implements Subscription, TopicReader, Resumable {
  readonly topic: Topic;
  readonly cursor: Cursor;
  /** How far it may go before its client commits. */
  readonly window: DeliveryWindow;
  blocking = false;
  watched = false;
  crowded = false;
  readonly #client: ReaderHost;
  // Ids that the client will not get and was not told of yet: from #skippedFrom to the one before the cursor's place
  // when it jumped, #skippedTo. Both 0 when there are none. Told before anything else is sent.
  #skippedFrom = 0;
  #skippedTo = 0;
  #left = false;

  /**
   * @param nextId - the first record to read: at least the log's `firstId`, at most its `sealedId + 1`
   * @param missedFrom - the first id that it asked for and cannot have, if there is one: it is told
   */
  constructor(topic: Topic, client: ReaderHost, nextId: number, windowSize: number, missedFrom = nextId) {
    this.topic = topic;
    this.#client = client;
    this.cursor = new Cursor(topic.log, nextId);
    this.window = new DeliveryWindow(windowSize);
    if (missedFrom < nextId) {
      this.#skippedFrom = missedFrom;
      this.#skippedTo = nextId - 1;
    }
  }

  get clients(): readonly [ReaderHost] {
    return [this.#client];
  }

  get waitsFor(): readonly [ReaderHost] {
    return this.clients;
  }

  get unread(): number {
    return this.topic.log.lastId - Math.max(this.cursor.nextId, this.topic.firstId) + 1;
  }

  get lag(): number {
    return this.unread + this.window.used;
  }

  start(): void {
    this.topic.add(this);
    this.pump();
  }

  pump(): void {
    if (this.#left) return;
    const { cursor, window, topic } = this;
    const client = this.#client;
    if (cursor.nextId < topic.log.firstId) this.skipTo(topic.log.firstId);
    while (window.room > 0) {
      if (client.full) {
        if (cursor.nextId <= topic.log.sealedId || this.#skippedTo > 0) client.resumeLater(this);
        return;
      }
      if (this.#skippedTo > 0) this.#tellSkipped();
      const { nextId } = cursor;
      const frames = cursor.read(window.room);
      if (frames === undefined) return;
      if (!client.send(frames)) cursor.segment.lent = true;
      window.delivered(nextId, cursor.nextId - 1);
    }
  }

  resume(): void {
    this.topic.resume(this);
  }

  deliverRest(): void {
    this.topic.log.seal();
    this.pump();
  }

  commit(id: number): void {
    if (id >= this.cursor.nextId) throw new ProtocolError('BAD_COMMIT', `id ${id} was not delivered yet`);
    this.window.commit(id);
    this.topic.resume(this);
  }

  skipUnread(): void {
    this.skipTo(this.topic.log.sealedId + 1);
  }

  get neededFrom(): number {
    return this.cursor.nextId;
  }

  get lagBytes(): number {
    return this.cursor.lagBytes;
  }

  get lagMessages(): number {
    return this.cursor.lagMessages;
  }

  tooSlow(): void {
    this.#client.tooSlow(this.unread);
  }

  fail(fault: unknown): void {
    this.#client.fail(fault);
  }

  leave(): void {
    this.#client.forget(this);
    this.topic.remove(this);
  }

  removed(): void {
    this.#left = true;
    this.cursor.leave();
  }

  report(): ReaderReport {
    const { name, number } = this.#client;
    const { used, size } = this.window;
    return { kind: 'client', name, connection: number, members: 1, uncommitted: used, window: size };
  }

  /** Goes past records that the client will never get. It is told so as soon as it can take more. */
  skipTo(nextId: number): void {
    const { cursor } = this;
    const fromId = cursor.nextId;
    if (nextId <= fromId) return;
    cursor.moveTo(nextId);
    // A client that cannot take this news, or has no room in its window for what comes after it, may be skipped
    // again: then it is one longer gap.
    if (this.#skippedTo === 0) this.#skippedFrom = fromId;
    this.#skippedTo = nextId - 1;
  }

  #tellSkipped(): void {
    const skipped = { topic: this.topic.name, fromId: this.#skippedFrom, toId: this.#skippedTo };
    this.#skippedFrom = this.#skippedTo = 0;
    this.#client.send(brokerCodec.encode({ type: 'SKIPPED', ...skipped }));
  }
}

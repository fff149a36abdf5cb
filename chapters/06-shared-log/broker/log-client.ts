import { LeveretError } from '#framing';
import type { ClientFrame, FrameNamed } from '#protocol';
import { ClientType, checkRequest, clientCodec, MAX_KEY_BYTES, Start } from '#protocol';
import type { EngineClient, EngineClientHost, Published } from '#protocol/broker';
import type { TopicTable } from '#topics';
import { PublishRequest } from '../log/publish-request.ts';
import type { LogLimits } from './limits.ts';
import { Subscription } from './subscription.ts';
import type { Topic } from './topic.ts';

// step 6.12: publishing

// Filled in anew for each PUBLISH and read before the next one: one is enough for all
// clients.
const request = new PublishRequest();

/**
 * One client: what it publishes goes into logs, and its subscriptions read from them.
 */
export class LogClient implements EngineClient {
  // #region client
  readonly #topics: TopicTable<Topic>;
  readonly #limits: LogLimits;
  readonly #session: EngineClientHost;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #ready = new Set<Subscription>();
  /** The topic of its last PUBLISH: most clients publish to the same one again. */
  #topic: Topic | undefined;

  constructor(topics: TopicTable<Topic>, limits: LogLimits, session: EngineClientHost) {
    this.#topics = topics;
    this.#limits = limits;
    this.#session = session;
  }
  // #endregion client

  // #region lag
  get lag(): number {
    // step 6.14: commit and lag
    return [...this.#subscriptions.values()].reduce((sum, { lag }) => sum + lag, 0);
  }
  // #endregion lag

  // #region publish
  create(frame: FrameNamed<ClientFrame, 'CREATE'>): void {
    this.#topics.create(frame.topic, frame);
  }

  publishRaw(bytes: Buffer, start: number, end: number): Published | undefined {
    const topic = this.#usualTopic(bytes, start, end) ?? this.#checkedTopic(bytes, start, end);
    this.#topic = topic;
    const count = topic.publish(bytes, request.recordsAt, end, request.count, request.longestKey > 0);
    if (request.request === 0) return undefined;
    return { firstId: count === 0 ? 0 : topic.log.lastId - count + 1, count };
  }
  // #endregion publish

  // #region subscribe
  subscribe(frame: FrameNamed<ClientFrame, 'SUBSCRIBE'>): void {
    // step 6.13: a subscription moves its cursor on
    // First what could refuse it: a request that is refused leaves no topic behind.
    const { topic, start, after } = frame;
    const lastId = this.#topics.get(topic)?.log.lastId ?? 0;
    const old = this.#subscriptions.get(topic);
    if (old === undefined && this.#subscriptions.size >= this.#limits.maxSubscriptions)
      throw new LeveretError('LIMIT', `no more than ${this.#limits.maxSubscriptions} subscriptions`);
    if (start === Start.AFTER && after > lastId)
      throw new LeveretError('OUT_OF_RANGE', `after id ${after}, but the last id is ${lastId}`);
    const subscription = new Subscription(this.#topics.use(topic), this.#session, this.#ready, frame);
    old?.leave();
    this.#subscriptions.set(topic, subscription);
  }

  unsubscribe(topic: string): void {
    // step 6.13: a subscription moves its cursor on
    this.#subscription(topic).leave();
    this.#subscriptions.delete(topic);
  }
  // #endregion subscribe

  // #region commit
  commit(topic: string, id: number): void {
    // step 6.14: commit and lag
    this.#subscription(topic).commit(id);
  }
  // #endregion commit

  // #region deliver
  deliver(): void {
    // step 6.13: a subscription moves its cursor on
    // One that fills the socket again goes to the end of the line.
    for (const subscription of this.#ready) {
      if (this.#session.full) return;
      this.#ready.delete(subscription);
      subscription.pump();
    }
  }

  close(): void {
    // step 6.13: a subscription moves its cursor on
    for (const subscription of this.#subscriptions.values()) subscription.leave();
    this.#subscriptions.clear();
  }
  // #endregion deliver

  // #region topics
  /** The topic that it names, if there is one, and nothing about it can be refused. */
  #usualTopic(bytes: Buffer, start: number, end: number): Topic | undefined {
    if (!request.read(bytes, start, end) || request.count === 0) return undefined;
    const { topicAt, topicEnd, longestKey, longestRecord } = request;
    let topic = this.#topic;
    if (!topic?.log.frames.isTopic(bytes, topicAt, topicEnd)) {
      topic = this.#topics.get(bytes.toString('utf8', topicAt, topicEnd));
      // Bytes that are no UTF-8 may read like the name of another topic.
      if (!topic?.log.frames.isTopic(bytes, topicAt, topicEnd)) return undefined;
    }
    return longestKey <= MAX_KEY_BYTES && longestRecord <= topic.log.maxRecordBytes ? topic : undefined;
  }

  /** The topic of any other one; or what is wrong with it, in words. */
  #checkedTopic(bytes: Buffer, start: number, end: number): Topic {
    const frame = clientCodec.decode(ClientType.PUBLISH, bytes, start, end);
    checkRequest(frame, this.#limits);
    return this.#topics.use(bytes.toString('utf8', request.topicAt, request.topicEnd));
  }
  // #endregion topics

  // #region subscription
  #subscription(topic: string): Subscription {
    // step 6.13: a subscription moves its cursor on
    const subscription = this.#subscriptions.get(topic);
    if (subscription !== undefined) return subscription;
    throw new LeveretError('NOT_SUBSCRIBED', 'this connection does not subscribe to that topic');
  }
  // #endregion subscription
}

import { type BroadcastChannel, Lagged, type Receiver } from '#broadcast';
import { LeveretError } from '#framing';
import { type Message, Subscriber, type TopicRegistry } from '#topics';
import { brokerCodec, type ClientFrame, type FrameNamed, Start, type WireRecord } from '../index.ts';
import type { EngineClient, EngineClientHost, Published } from './engine.ts';
import type { BrokerLimits } from './limits.ts';
import { nextFrame } from './next-frame.ts';

/** What a client's part needs of its engine. */
export interface ChannelClientHost {
  readonly limits: BrokerLimits;
  readonly topics: TopicRegistry;
  readonly channel: BroadcastChannel<Message>;
  readonly clients: Set<ChannelClient>;
}

/** One client: takes from the channel what it subscribed to into its buffers, and sends it from there. */
export class ChannelClient implements EngineClient {
  readonly #engine: ChannelClientHost;
  readonly #session: EngineClientHost;
  readonly #subscriber: Subscriber;
  readonly #receiver: Receiver<Message>;

  constructor(engine: ChannelClientHost, session: EngineClientHost) {
    this.#engine = engine;
    this.#session = session;
    this.#subscriber = new Subscriber(engine.limits);
    this.#receiver = engine.channel.subscribe(() => session.wake());
    engine.clients.add(this);
  }

  get lag(): number {
    // What was published before counts.
    this.collect();
    return this.#subscriber.lag;
  }

  create({ topic, retentionMs, dedupeMs }: FrameNamed<ClientFrame, 'CREATE'>): void {
    this.#engine.topics.create(topic, { retentionMs, dedupeMs });
  }

  // #region publish
  /** Numbers the messages and gives them to everybody. Duplicates are dropped here, and get no id. */
  publish(name: string, records: readonly WireRecord[]): Published {
    // task 4.4: stamp the messages and give them to everybody
    const { topics, channel, clients } = this.#engine;
    const topic = topics.use(name);
    const firstId = topic.lastId + 1;
    for (const { key, payload } of records) {
      // The one copy of a message: the bytes that came with the frame are only lent.
      const message = topic.append(key, Buffer.from(payload));
      if (message === undefined) continue;
      // One turn may bring more than the channel holds: before anything is overwritten, everybody takes it out.
      if (channel.next % channel.capacity === 0) for (const client of clients) client.collect();
      channel.publish(message);
    }
    const count = topic.lastId + 1 - firstId;
    return { firstId: count === 0 ? 0 : firstId, count };
  }
  // #endregion publish

  // #region subscribe
  subscribe({ topic, start, after, window }: FrameNamed<ClientFrame, 'SUBSCRIBE'>): void {
    const { topics } = this.#engine;
    // First what could refuse it: a request that is refused must not leave a topic behind.
    this.#subscriber.checkRoom(topic);
    const lastId = topics.get(topic)?.lastId ?? 0;
    if (start === Start.AFTER && after > lastId) {
      throw new LeveretError('OUT_OF_RANGE', `after id ${after}, but the last id is ${lastId}`);
    }
    const from = start === Start.AFTER ? { after } : start === Start.EARLIEST ? 'earliest' : 'latest';
    this.#subscriber.subscribe(topics.use(topic), { start: from, window });
  }
  // #endregion subscribe

  unsubscribe(topic: string): void {
    this.#subscriber.unsubscribe(topic);
  }

  commit(topic: string, id: number): void {
    this.#subscriber.commit(topic, id);
  }

  // #region deliver
  deliver(): void {
    this.collect();
    while (!this.#session.full) {
      const frame = nextFrame(this.#subscriber, this.#engine.limits.maxFrameSize);
      if (frame === undefined) return;
      this.#session.send(brokerCodec.encode(frame));
    }
  }
  // #endregion deliver

  // #region collect
  /** Takes what was published from the channel into the buffers. Nobody waits: a client for whom it is too much ends. */
  collect(): void {
    // task 4.5: from the channel into this client's buffers
    try {
      for (let next = this.#receiver.tryReceive(); next !== undefined; next = this.#receiver.tryReceive()) {
        if (next instanceof Lagged)
          throw new LeveretError('SLOW', `${next.missed} messages were overwritten`);
        this.#subscriber.offer(next);
      }
    } catch (error) {
      // Not thrown on: it may be another client's publish that made this necessary.
      this.#session.fail(error);
    }
  }
  // #endregion collect

  close(): void {
    this.#engine.clients.delete(this);
    this.#receiver.close();
    this.#subscriber.close();
  }
}

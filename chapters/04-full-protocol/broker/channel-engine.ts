import { BroadcastChannel, type Receiver } from '#broadcast';
import { LeveretError, readLimits } from '#framing';
import { isSkipped, type Message, Subscriber, TopicRegistry } from '#topics';
import * as wire from '../index.ts';
import type { Engine, EngineClient, EngineClientHost, Published } from './engine.ts';
import { BROKER_LIMITS, type BrokerLimits } from './limits.ts';
import { type RunningBroker, type ServeOptions, serveEngine } from './serve.ts';

// step 4.7: stamp the messages and give them to everybody

/** Messages in the channel. They are gone at the end of each turn, so it need not be large. */
const CHANNEL_CAPACITY = 256;

/** How often topics that nobody uses are looked at for what is too old, in milliseconds. */
const TRIM_MS = 1_000;

/** When a frame has so many bytes of messages, no more are added: others have their turn. */
const ENOUGH_BYTES = 65_536;

/** Options of {@link startBroker}: where to listen, and any of the limits. */
export type BrokerOptions = ServeOptions & Partial<BrokerLimits>;

/**
 * Starts the broker of this chapter. It asks for no token and lets everybody in, so it listens on this machine alone
 * unless it is told otherwise.
 *
 * Source: the seed zaichik.
 *
 * @throws LeveretError `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
 * @throws OptionError for a limit or a port out of range
 */
export function startBroker(options: BrokerOptions = {}): Promise<RunningBroker> {
  const limits = readLimits<keyof BrokerLimits>(BROKER_LIMITS, options);
  return serveEngine(createChannelEngine(limits), limits, options);
}

/** Makes an engine with topics of its own, which are empty. */
export function createChannelEngine(limits: BrokerLimits): Engine {
  return new ChannelEngine(limits);
}

// #region engine
/** The engine of this chapter: the topics of chapter 2, and the one channel of chapter 3, which carries every message. */
class ChannelEngine implements Engine {
  readonly limits: BrokerLimits;
  readonly topics: TopicRegistry;
  readonly channel = new BroadcastChannel<Message>(CHANNEL_CAPACITY);
  readonly clients = new Set<ChannelClient>();
  readonly #trimming = setInterval(() => this.topics.trim(), TRIM_MS).unref();

  constructor(limits: BrokerLimits) {
    this.limits = limits;
    this.topics = new TopicRegistry(limits);
  }

  connect(session: EngineClientHost): ChannelClient {
    return new ChannelClient(this, session);
  }

  close(): void {
    clearInterval(this.#trimming);
  }
}
// #endregion engine

// #region join
/** One client: takes from the channel what it subscribed to into its buffers, and sends it from there. */
class ChannelClient implements EngineClient {
  readonly #engine: ChannelEngine;
  readonly #session: EngineClientHost;
  readonly #subscriber: Subscriber;
  readonly #receiver: Receiver<Message>;

  constructor(engine: ChannelEngine, session: EngineClientHost) {
    this.#engine = engine;
    this.#session = session;
    this.#subscriber = new Subscriber(engine.limits);
    this.#receiver = engine.channel.subscribe(() => session.wake());
    engine.clients.add(this);
  }
  // #endregion join

  get lag(): number {
    // What was published before counts.
    this.collect();
    return this.#subscriber.lag;
  }

  create({ topic, retentionMs, dedupeMs }: wire.FrameNamed<wire.ClientFrame, 'CREATE'>): void {
    this.#engine.topics.create(topic, { retentionMs, dedupeMs });
  }

  // #region publish
  /** Numbers the messages and gives them to everybody. Duplicates are dropped here, and get no id. */
  publish(name: string, records: readonly wire.WireRecord[]): Published {
    const { topics, channel, clients } = this.#engine;
    const topic = topics.use(name);
    let count = 0;
    for (const { key, payload } of records) {
      // The one copy of a message: the bytes that came with the frame are only lent.
      const message = topic.append(key, Buffer.from(payload));
      if (message === undefined) continue;
      // One turn may bring more than the channel holds: before anything is overwritten, everybody takes it out.
      if (channel.next % channel.capacity === 0) for (const client of clients) client.collect();
      channel.publish(message);
      count += 1;
    }
    return { firstId: count === 0 ? 0 : topic.lastId - count + 1, count };
  }
  // #endregion publish

  // #region subscribe
  subscribe({ topic, start, after, window }: wire.FrameNamed<wire.ClientFrame, 'SUBSCRIBE'>): void {
    const { AFTER, EARLIEST } = wire.Start;
    const from = start === AFTER ? { after } : start === EARLIEST ? 'earliest' : 'latest';
    this.#subscriber.subscribeIn(this.#engine.topics, topic, { start: from, window });
  }

  unsubscribe(topic: string): void {
    this.#subscriber.unsubscribe(topic);
  }

  commit(topic: string, id: number): void {
    this.#subscriber.commit(topic, id);
  }
  // #endregion subscribe

  deliver(): void {
    this.collect();
    sendReady(this.#subscriber, this.#session, this.#engine.limits.maxFrameSize);
  }

  // #region collect
  /** Takes what was published from the channel into the buffers. Nobody waits: a client for whom it is too much ends. */
  collect(): void {
    try {
      const missed = this.#receiver.drain((message) => this.#subscriber.offer(message));
      if (missed > 0) throw new LeveretError('SLOW', `${missed} messages were overwritten`);
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

// #region deliver
/** Sends batches as long as the socket takes them; the rest waits in the buffers. */
function sendReady(subscriber: Subscriber, session: EngineClientHost, maxFrameSize: number): void {
  // step 4.8: turn what is ready into frames
  while (!session.full) {
    const buffer = subscriber.nextReady();
    if (buffer === undefined) return;
    const room = maxFrameSize - wire.messagesOverhead(buffer.topic);
    const batch = buffer.takeBatch(Math.min(room, ENOUGH_BYTES), wire.recordSize);
    if (batch === undefined) continue;
    const frame: wire.BrokerFrame = isSkipped(batch)
      ? { type: 'SKIPPED', ...batch }
      : { type: 'MESSAGES', topic: buffer.topic, firstId: batch[0]?.id ?? 0, records: batch };
    session.send(wire.brokerCodec.encode(frame));
  }
}
// #endregion deliver

import { BroadcastChannel } from '#broadcast';
import { type Message, TopicRegistry } from '#topics';
import type { WireRecord } from '../index.ts';
import { ChannelClient, type ChannelClientHost } from './channel-client.ts';
import type { Engine, EngineClientHost, Published } from './engine.ts';
import type { BrokerLimits } from './limits.ts';

/** Messages in the channel. They are gone at the end of each turn, so it need not be large. */
const CHANNEL_CAPACITY = 256;

/** How often topics that nobody uses are looked at for what is too old, in milliseconds. */
const TRIM_MS = 1_000;

/** The engine of this chapter: the topics of chapter 2, and the one channel of chapter 3, which carries every message. */
export class ChannelEngine implements Engine, ChannelClientHost {
  readonly limits: BrokerLimits;
  readonly topics: TopicRegistry;
  readonly channel = new BroadcastChannel<Message>(CHANNEL_CAPACITY);
  readonly clients = new Set<ChannelClient>();
  readonly #trimming: NodeJS.Timeout;

  constructor(limits: BrokerLimits) {
    this.limits = limits;
    this.topics = new TopicRegistry(limits);
    this.#trimming = setInterval(() => this.topics.trim(), TRIM_MS).unref();
  }

  connect(session: EngineClientHost): ChannelClient {
    return new ChannelClient(this, session);
  }

  // #region publish
  /** Numbers the messages and gives them to everybody. Duplicates are dropped here, and get no id. */
  publish(name: string, records: readonly WireRecord[]): Published {
    // task 4.4: stamp the messages and give them to everybody
    const topic = this.topics.use(name);
    const firstId = topic.lastId + 1;
    for (const { key, payload } of records) {
      // The one copy of a message: the bytes that came with the frame are only lent.
      const message = topic.append(key, Buffer.from(payload));
      if (message === undefined) continue;
      // One turn may bring more than the channel holds: before anything is overwritten, everybody takes it out.
      if (this.channel.next % CHANNEL_CAPACITY === 0) for (const client of this.clients) client.collect();
      this.channel.publish(message);
    }
    const count = topic.lastId + 1 - firstId;
    return { firstId: count === 0 ? 0 : firstId, count };
  }
  // #endregion publish

  close(): void {
    clearInterval(this.#trimming);
  }
}

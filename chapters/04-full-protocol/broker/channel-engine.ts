import { BroadcastChannel } from '#broadcast';
import { type Message, TopicRegistry } from '#topics';
import { ChannelClient, type ChannelClientHost } from './channel-client.ts';
import type { Engine, EngineClientHost } from './engine.ts';
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

  close(): void {
    clearInterval(this.#trimming);
  }
}

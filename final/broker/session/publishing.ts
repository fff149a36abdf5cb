import { decodeText } from '#framing';
import { PublishRequest } from '#log';
import {
  type BrokerFrame,
  ClientType,
  clientCodec,
  type FrameNamed,
  messagesOverhead,
  ProtocolError,
} from '#protocol';
import { checkGrant, type Grants } from '../access/grants.ts';
import type { RetainedMemory } from '../memory/retained-memory.ts';
import type { Inboxes } from '../topics/inboxes.ts';
import { isInbox } from '../topics/reserved-names.ts';
import type { Topic } from '../topics/topic.ts';
import type { Publisher } from '../topics/topic-reader.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import type { TurnTime } from './turn-time.ts';

/** What {@link Publishing} needs of the broker. */
export interface PublishingHost {
  readonly limits: {
    readonly maxFrameSize: number;
    readonly maxTopicBytes: number;
    readonly maxKeyBytes: number;
  };
  readonly topics: TopicTable;
  readonly inboxes: Pick<Inboxes, 'get'>;
  readonly turn: Pick<TurnTime, 'begin' | 'end'>;
  readonly memory: RetainedMemory;
}

/** A client that asks for no confirmations is told at most this often that its publishes are refused, in milliseconds. */
const REFUSAL_MS = 1_000;

/** A client that publishes. */
export interface PublishingClient extends Publisher {
  readonly grants: Grants;
  /** The topic of its last PUBLISH: most clients publish to the same one again. */
  topic: Topic | undefined;
  answer(frame: FrameNamed<BrokerFrame, 'PUBLISHED'>): void;
  refuse(thrown: unknown, request: number): void;
  /** Its further frames wait for a later turn. */
  waitForTurn(): void;
}

/**
 * Serves PUBLISH, the frame that comes by the million. It is read where it lies, and its records are copied once, into the
 * topic's log; no object is made for a message.
 */
export class Publishing {
  readonly #host: PublishingHost;
  // Filled in anew for each PUBLISH and read before the next one.
  readonly #publish = new PublishRequest();
  readonly #toldRefused = new WeakMap<PublishingClient, number>();

  constructor(host: PublishingHost) {
    this.#host = host;
  }

  /** Serves the PUBLISH whose body is `bytes[start, end)`. Whatever fails is told to the client. */
  serve(client: PublishingClient, bytes: Buffer, start: number, end: number): void {
    const publish = this.#publish;
    publish.request = 0;
    try {
      // What is wrong with it, the codec says in words.
      if (!publish.read(bytes, start, end)) clientCodec.decode(ClientType.PUBLISH, bytes, start, end);
      this.#check();
      const { memory } = this.#host;
      if (memory.refusing) {
        this.#refuse(client, bytes);
        return;
      }
      const { request, count, recordsAt, longestKey, topicAt, topicEnd } = publish;
      let { topic } = client;
      if (topic === undefined || topic.forgotten || !topic.log.frames.isTopic(bytes, topicAt, topicEnd)) {
        topic = this.#switchTopic(client, bytes);
      }
      // An inbox that nobody has takes nothing.
      const kept = topic?.publish(bytes, recordsAt, end, count, longestKey > 0) ?? 0;
      if (memory.full) memory.makeRoom();
      if (topic?.slow.blocked) topic.slow.published(client);
      if (request === 0) return;
      const firstId = topic === undefined || kept === 0 ? 0 : topic.log.lastId - kept + 1;
      client.answer({ type: 'PUBLISHED', request, firstId, count: kept });
    } catch (thrown) {
      client.refuse(thrown, publish.request);
    }
  }

  /** One bad record refuses the whole batch: nothing has been written yet. */
  #check(): void {
    const { count, longestKey, longestRecord, topicAt, topicEnd } = this.#publish;
    const { maxFrameSize, maxKeyBytes } = this.#host.limits;
    if (count === 0) throw new ProtocolError('BAD_REQUEST', 'a PUBLISH of no messages');
    if (longestKey > maxKeyBytes) {
      throw new ProtocolError('BAD_KEY', `a key is longer than ${maxKeyBytes} bytes`);
    }
    if (longestRecord > maxFrameSize - messagesOverhead('') - (topicEnd - topicAt)) {
      throw new ProtocolError('BAD_REQUEST', 'a message is longer than fits in a frame to a subscriber');
    }
  }

  /** There is no memory for the PUBLISH at hand: nothing of it is done. */
  #refuse(client: PublishingClient, bytes: Buffer): void {
    const { request } = this.#publish;
    this.#permittedName(client, bytes);
    const refusal = this.#host.memory.refuse();
    const now = performance.now();
    if (request === 0) {
      if (now - (this.#toldRefused.get(client) ?? Number.NEGATIVE_INFINITY) < REFUSAL_MS) return;
      this.#toldRefused.set(client, now);
    }
    client.refuse(refusal, request);
  }

  /** Makes the topic of the PUBLISH at hand the client's current one. Undefined for an inbox that nobody has. */
  #switchTopic(client: PublishingClient, bytes: Buffer): Topic | undefined {
    const { topics, inboxes, turn } = this.#host;
    const name = this.#permittedName(client, bytes);
    const known = topics.get(name);
    if (known !== undefined) {
      client.topic = known;
      return known;
    }
    // A new topic is offered to all patterns: that is no cheap PUBLISH.
    const began = turn.begin();
    try {
      client.topic = isInbox(name) ? inboxes.get(name) : topics.use(name);
      return client.topic;
    } finally {
      if (turn.end(began)) client.waitForTurn();
    }
  }

  /** The topic's name, to which the client may publish. */
  #permittedName(client: PublishingClient, bytes: Buffer): string {
    const { topicAt, topicEnd } = this.#publish;
    const name = decodeText(bytes.subarray(topicAt, topicEnd));
    checkGrant(client.grants, 'mayPublish', name, this.#host.limits.maxTopicBytes);
    return name;
  }
}

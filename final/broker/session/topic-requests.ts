import { type ClientFrame, type FrameNamed, ProtocolError, Start } from '#protocol';
import { checkAnyGrant, checkGrant } from '../access/grants.ts';
import type { TopicAudit } from '../topic-audit.ts';
import type { Topic } from '../topics/topic.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import type { Session } from './session.ts';

/** What {@link TopicRequests} needs of the broker. */
export interface TopicRequestsHost {
  readonly limits: { readonly maxTopicBytes: number };
  readonly topics: TopicTable;
  readonly audit: TopicAudit;
}

/**
 * Serves what clients ask for about a topic itself: CREATE, DELETE, PURGE and INFO. Permission is looked at first, so an
 * answer never tells whether a topic is there to one who may not know.
 */
export class TopicRequests {
  readonly #host: TopicRequestsHost;

  constructor(host: TopicRequestsHost) {
    this.#host = host;
  }

  /** @throws ProtocolError BAD_TOPIC, DENIED, TOPIC_EXISTS or LIMIT, none fatal */
  create(session: Session, frame: FrameNamed<ClientFrame, 'CREATE'>): void {
    this.#checkManage(session, frame.topic);
    const topic = this.#host.topics.use(frame.topic);
    if (!topic.create(frame)) {
      const { retentionMs, dedupeMs } = topic.settings;
      const message = `"${frame.topic}" exists with a retention of ${retentionMs} ms and a dedupe window of ${dedupeMs} ms`;
      throw new ProtocolError('TOPIC_EXISTS', message);
    }
    session.answerOk(frame.request);
  }

  /** @throws ProtocolError BAD_TOPIC, DENIED or NO_TOPIC, none fatal */
  delete(session: Session, { topic: name, request }: FrameNamed<ClientFrame, 'DELETE'>): void {
    this.#checkManage(session, name);
    const topic = this.#find(name);
    const facts = factsOf(topic);
    this.#host.topics.delete(topic);
    this.#host.audit.tell(session, 'topic deleted', facts);
    session.answerOk(request);
  }

  /** @throws ProtocolError BAD_TOPIC, DENIED or NO_TOPIC, none fatal */
  purge(session: Session, { topic: name, upTo, request }: FrameNamed<ClientFrame, 'PURGE'>): void {
    this.#checkManage(session, name);
    const topic = this.#find(name);
    const facts = factsOf(topic);
    topic.purge(upTo === 0 ? topic.log.lastId : upTo);
    this.#host.audit.tell(session, 'topic purged', { ...facts, upTo });
    session.answerOk(request);
  }

  /**
   * Whoever may do anything with a topic may ask what it holds.
   *
   * @throws ProtocolError BAD_TOPIC, DENIED or NO_TOPIC, none fatal
   */
  info(session: Session, { topic: name, request }: FrameNamed<ClientFrame, 'INFO'>): void {
    checkAnyGrant(session.grants, name, this.#host.limits.maxTopicBytes);
    const topic = this.#find(name);
    const { log, readers, settings } = topic;
    const { nextId: firstId } = topic.place(Start.EARLIEST, 0);
    const { lastId, bytes: logBytes } = log;
    session.answer({
      type: 'TOPIC',
      request,
      ...settings,
      firstId,
      lastId,
      logBytes,
      readers: readers.length,
    });
  }

  #checkManage({ grants }: Session, topic: string): void {
    checkGrant(grants, 'mayManage', topic, this.#host.limits.maxTopicBytes);
  }

  /** @throws ProtocolError NO_TOPIC */
  #find(name: string): Topic {
    const topic = this.#host.topics.get(name);
    if (topic !== undefined) return topic;
    throw new ProtocolError('NO_TOPIC', `there is no topic "${name}"`);
  }
}

/** For the log: what it was done to. */
function factsOf({ name: topic, log }: Topic): object {
  return { topic, lastId: log.lastId, logBytes: log.bytes };
}

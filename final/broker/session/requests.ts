import { type ClientFrame, ClientType, clientCodec, type FrameNamed, ProtocolError, Start } from '#protocol';
import type { Access } from '../access/access.ts';
import type { Grants } from '../access/grants.ts';
import type { BrokerLimits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { RetainedMemory } from '../memory/retained-memory.ts';
import type { RefusedLogins } from '../refused-logins.ts';
import type { TopicAudit } from '../topic-audit.ts';
import type { Inboxes } from '../topics/inboxes.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import { Publishing } from './publishing.ts';
import type { Session } from './session.ts';
import { TopicRequests } from './topic-requests.ts';
import type { TurnTime } from './turn-time.ts';

/** What {@link Requests} needs of the broker. */
export interface RequestsHost {
  readonly limits: BrokerLimits;
  readonly topics: TopicTable;
  readonly inboxes: Inboxes;
  readonly memory: RetainedMemory;
  readonly access: Access;
  readonly logger: Logger;
  readonly refusedLogins: RefusedLogins;
  readonly audit: TopicAudit;
  readonly turn: TurnTime;
}

/**
 * Serves what clients ask for: one function for each frame. They throw a ProtocolError for what cannot be done, before
 * anything has changed; it is answered with the number of the request.
 */
export class Requests {
  readonly #host: RequestsHost;
  readonly #publishing: Publishing;
  readonly #topics: TopicRequests;

  constructor(host: RequestsHost) {
    this.#host = host;
    this.#publishing = new Publishing(host);
    this.#topics = new TopicRequests(host);
  }

  /** Serves one frame, whose body is `bytes[start, end)`. Whatever fails is told to the client. */
  serve(session: Session, type: number, bytes: Buffer, start: number, end: number): void {
    if (session.state === 'closing') return;
    if (session.readPause.on) {
      session.readPause.postpone(type, bytes, start, end);
      return;
    }
    if (session.traced) session.trace(type, bytes, start, end);
    if (type === ClientType.PUBLISH && session.state === 'ready') {
      this.#publishing.serve(session, bytes, start, end);
      return;
    }
    const { turn } = this.#host;
    // HELLO is served at once: how large the frames behind it may be depends on it.
    if (turn.spent && session.state === 'ready') {
      session.waitForTurn();
      session.readPause.postpone(type, bytes, start, end);
      return;
    }
    const began = turn.begin();
    this.#serveTimed(session, type, bytes, start, end);
    if (turn.end(began)) session.waitForTurn();
  }

  #serveTimed(session: Session, type: number, bytes: Buffer, start: number, end: number): void {
    let request = 0;
    try {
      const frame = clientCodec.decode(type, bytes, start, end);
      if ('request' in frame) request = frame.request;
      this.#answer(session, frame);
    } catch (thrown) {
      session.refuse(thrown, request);
    }
  }

  #answer(session: Session, frame: ClientFrame): void {
    if (session.state === 'greeting') {
      if (frame.type === 'HELLO') this.#greet(session, frame);
      else throw new ProtocolError('BAD_STATE', 'the first frame must be a HELLO');
      return;
    }
    switch (frame.type) {
      case 'CREATE':
        this.#topics.create(session, frame);
        break;
      case 'DELETE':
        this.#topics.delete(session, frame);
        break;
      case 'PURGE':
        this.#topics.purge(session, frame);
        break;
      case 'INFO':
        this.#topics.info(session, frame);
        break;
      case 'SUBSCRIBE':
        this.#subscribe(session, frame);
        break;
      case 'UNSUBSCRIBE':
        session.subscriptions.unsubscribe(frame.topic, frame.request);
        break;
      case 'COMMIT':
        session.subscriptions.commit(frame.topic, frame.id);
        break;
      case 'LAG':
        session.answer({
          type: 'LAG',
          request: frame.request,
          messages: session.subscriptions.lag,
        });
        break;
      case 'PING':
        session.answer({ type: 'PONG', bytes: frame.bytes });
        break;
      case 'PONG':
        // That it came is all: the session has noted a sign of life.
        break;
      case 'CLOSE':
        session.close('goodbye');
        break;
      default:
        throw new ProtocolError('BAD_STATE', 'HELLO was said already');
    }
  }

  #greet(session: Session, { name, token }: FrameNamed<ClientFrame, 'HELLO'>): void {
    const { logger } = this.#host;
    const grants = this.#admit(session, name, token);
    logger.debug({ connection: session.number, client: name }, 'client admitted');
    session.welcome(name, grants);
  }

  #admit(session: Session, client: string, token: string): Grants {
    try {
      return this.#host.access.admit(token);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#host.refusedLogins.tell(session.connection.remoteAddress, reason, { client });
      throw error;
    }
  }

  #subscribe(session: Session, frame: FrameNamed<ClientFrame, 'SUBSCRIBE'>): void {
    if (frame.start > Start.AFTER) {
      throw new ProtocolError('BAD_REQUEST', `start is ${frame.start}, not 0, 1 or 2`);
    }
    session.subscriptions.subscribe(frame);
  }
}

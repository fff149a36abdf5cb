import { LeveretError } from '#framing';
import { Cursor, Window } from '#log';
import { brokerCodec, type ClientFrame, type FrameNamed, Start } from '#protocol';
import type { EngineClientHost } from '#protocol/broker';
import type { Topic, TopicReader } from './topic.ts';

// step 6.13: a subscription moves its cursor on

/**
 * One reader of one topic: a cursor in its log. Nothing is queued here; what it has not
 * got is in the log.
 */
export class Subscription implements TopicReader {
  readonly #topic: Topic;
  readonly #session: EngineClientHost;
  readonly #ready: Set<Subscription>;
  readonly #cursor: Cursor;
  readonly #window: Window;
  // The id that the client expects next. When the cursor is beyond it, what lies
  // between is skipped.
  #expectedId: number;

  /**
   * @param ready - takes those that may have something to send: they are to be pumped
   * when the session takes more
   */
  constructor(
    topic: Topic,
    session: EngineClientHost,
    ready: Set<Subscription>,
    { start, after, window }: FrameNamed<ClientFrame, 'SUBSCRIBE'>,
  ) {
    const { oldestId, log } = topic;
    const wantedId =
      start === Start.EARLIEST ? oldestId : start === Start.LATEST ? log.lastId + 1 : after + 1;
    this.#topic = topic;
    this.#session = session;
    this.#ready = ready;
    this.#cursor = new Cursor(log, Math.max(oldestId, wantedId));
    this.#window = new Window(window);
    this.#expectedId = wantedId;
    topic.readers.add(this);
    ready.add(this);
  }

  // #region lag
  /**
   * Messages that are published for it and not yet committed, or, with no window, not
   * yet sent.
   */
  get lag(): number {
    // step 6.14: commit and lag
    const { lastId, firstId } = this.#topic.log;
    return lastId + 1 - Math.max(this.#cursor.nextId, firstId) + this.#window.used;
  }
  // #endregion lag

  /**
   * There are new messages. Nobody waits for it: one that lags too far behind ends its
   * client.
   */
  flush(): void {
    const { maxLagBytes, maxLagMessages } = this.#topic.limits;
    try {
      this.pump();
      if (this.#cursor.lagBytes <= maxLagBytes && this.#cursor.lagMessages <= maxLagMessages) return;
      throw new LeveretError('SLOW', `this client lags too far behind on ${this.#topic.name}; read faster`);
    } catch (error) {
      this.#session.fail(error);
    }
  }

  // #region pump
  /** Sends what there is, as far as the socket and the window allow. */
  pump(): void {
    const cursor = this.#cursor;
    if (cursor.nextId < this.#topic.log.firstId) cursor.moveTo(this.#topic.log.firstId);
    while (this.#window.room > 0) {
      if (this.#session.full) return void this.#ready.add(this);
      if (cursor.nextId > this.#expectedId) this.#tellSkipped();
      const frames = cursor.read(this.#window.room);
      if (frames === undefined) return;
      if (!this.#session.send(frames)) cursor.segment.lent = true;
      this.#window.delivered(this.#expectedId, cursor.nextId - 1);
      this.#expectedId = cursor.nextId;
    }
  }
  // #endregion pump

  // #region commit
  /**
   * The client has dealt with everything up to `id`. @throws LeveretError `BAD_COMMIT`
   * for what it was not sent yet
   */
  commit(id: number): void {
    // step 6.14: commit and lag
    if (id >= this.#expectedId) throw new LeveretError('BAD_COMMIT', `id ${id} was not delivered yet`);
    this.#window.commit(id);
    this.#ready.add(this);
  }
  // #endregion commit

  /** Leaves the topic, for good. */
  leave(): void {
    this.#topic.readers.delete(this);
    this.#ready.delete(this);
    this.#cursor.leave();
  }

  #tellSkipped(): void {
    const skipped = { topic: this.#topic.name, fromId: this.#expectedId, toId: this.#cursor.nextId - 1 };
    this.#expectedId = this.#cursor.nextId;
    this.#session.send(brokerCodec.encode({ type: 'SKIPPED', ...skipped }));
  }
}

import type { ClientFrame, FrameNamed, WireRecord } from '../index.ts';

/**
 * What lies under a broker: the topics, what they keep, and who reads them. Sessions, requests and the listening socket
 * know only this. This chapter's engine copies messages into buffers; chapter 6 puts a log in its place.
 *
 * What is refused is thrown as an error that has a code on the wire (`TOPIC_EXISTS`, `LIMIT`, ...) and changes nothing.
 * Everything else that is thrown is a fault: it ends the connection that met it, with INTERNAL, and is logged.
 */
export interface Engine {
  /** A client has said HELLO. */
  connect(session: EngineClientHost): EngineClient;
  /** The broker has ended, and all clients are closed: stop timers, let go of everything. */
  close(): void;
}

/**
 * One client's part of an engine. Its session calls all of this, and catches what it throws. What a request says was
 * checked as far as `checkRequest` goes, but for what {@link EngineClient.publishRaw} takes.
 */
export interface EngineClient {
  /** Messages that were published for this client and are not settled yet, in all subscriptions together. */
  readonly lag: number;
  /** Makes a topic, or gives one that came by its use its settings. @throws `TOPIC_EXISTS`, `LIMIT` */
  create(frame: FrameNamed<ClientFrame, 'CREATE'>): void;
  /** Takes the messages, all or none. Payloads are lent: copy what you keep. @throws `LIMIT` */
  publish?(topic: string, records: readonly WireRecord[]): Published;
  /**
   * An engine has this or {@link EngineClient.publish}. It is called with the body of the PUBLISH frame as it came:
   * `bytes[start, end)`, from its field `request` on. The bytes are lent. It checks everything itself, the layout too.
   *
   * @returns `undefined` when request 0 asks for no answer: it is made for no one of a million messages a second
   * @throws ProtocolError what `decodeClientFrame` and `checkRequest` throw, in their order, and `LIMIT`
   */
  publishRaw?(bytes: Buffer, start: number, end: number): Published | undefined;
  /** Begins a subscription, or begins it anew. Nothing is sent before `deliver`. @throws `LIMIT`, `OUT_OF_RANGE` */
  subscribe(frame: FrameNamed<ClientFrame, 'SUBSCRIBE'>): void;
  /** Ends a subscription: nothing of that topic is sent any more. @throws `NOT_SUBSCRIBED` */
  unsubscribe(topic: string): void;
  /** Settles all messages of the topic up to this id. @throws `NOT_SUBSCRIBED`, `BAD_COMMIT` */
  commit(topic: string, id: number): void;
  /**
   * Sends what may be sent, as long as {@link EngineClientHost.full} is false. Called after each read from the socket, when
   * the socket has drained, and at {@link EngineClientHost.wake}.
   */
  deliver(): void;
  /** The client is gone, or going: end its subscriptions. Nothing is called afterwards. */
  close(): void;
}

/** What became of a PUBLISH: the ids firstId to firstId + count - 1. Both are 0 when all were duplicates. */
export interface Published {
  readonly firstId: number;
  readonly count: number;
}

/** What an engine needs of a session. When the client is closed all of it does nothing. */
export interface EngineClientHost {
  /** True while the socket holds more than it likes. When that is over, the session calls `deliver`. */
  readonly full: boolean;
  /**
   * Sends frames, one or several, laid out whole. Small ones are copied together and written when the callback that
   * runs now has ended; large ones are written as they are, so their bytes must not change afterwards.
   *
   * @returns true when they are out: the system has taken every byte, and their memory may be written over
   */
  send(frames: Uint8Array): boolean;
  /** There is something for this client: the session calls `deliver`, at once, and catches what it throws. */
  wake(): void;
  /**
   * Ends the connection because of this error, such as `SLOW`. What an engine does outside of a session's call (in a
   * timer, at the end of a turn) must catch what is thrown there and hand it over here: nobody else would.
   */
  fail(error: unknown): void;
}

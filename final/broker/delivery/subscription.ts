import type { ClientFrame, FrameNamed } from '#protocol';
import type { Grants } from '../access/grants.ts';
import type { HeldClient } from '../topics/topic-reader.ts';

/** A SUBSCRIBE. */
export type SubscribeFrame = FrameNamed<ClientFrame, 'SUBSCRIBE'>;

/** What a client has asked for by one SUBSCRIBE, of whatever kind: the session holds it under the name that was given. */
export interface Subscription {
  /** Messages that are published for it and not yet committed, or, with no window, not yet sent. */
  readonly lag: number;
  /** The SUBSCRIBE has been answered: delivers what there is, and from now on what comes. */
  start(): void;
  /**
   * The client has dealt with everything up to this id.
   *
   * @throws ProtocolError BAD_COMMIT for an id that it was not delivered; NOT_SUBSCRIBED where there are no ids
   */
  commit(id: number): void;
  /** Delivers what was published up to now, as far as the client takes it: the connection is about to end. */
  deliverRest(): void;
  /** It ends. */
  leave(): void;
  /** Nothing of this client leads to these topics any more. Only a pattern takes such an offer; it begins with what comes. */
  offerAgain?(topics: readonly string[]): void;
}

/** One kind of subscription: for the client alone, as a member of a group, or by a pattern. */
export interface SubscriptionKind {
  /** Whether this SUBSCRIBE asks for this kind. */
  claims(frame: SubscribeFrame): boolean;
  /**
   * Checks what can be said without the broker's state.
   *
   * @throws ProtocolError BAD_REQUEST, BAD_TOPIC, UNSUPPORTED or DENIED, none fatal
   */
  check(frame: SubscribeFrame, client: SubscriptionHost): void;
  /**
   * Makes a subscription that has been checked; {@link Subscription.start} begins it.
   *
   * @throws ProtocolError LIMIT or OUT_OF_RANGE, none fatal; then nothing has changed
   */
  subscribe(frame: SubscribeFrame, client: SubscriptionHost): Subscription;
}

/** A reader that was stopped because a client took no more. */
export interface Resumable {
  /** The client takes more again. */
  resume(): void;
}

/** What a reader of a topic needs of the client that it reads for. */
export interface ReaderHost extends HeldClient {
  /** Number of its connection. */
  readonly number: number;
  /** What it calls itself. */
  readonly name: string;
  /** True while it takes no more; {@link ReaderHost.resumeLater} says when that is over. */
  readonly full: boolean;
  /** Takes frames, which must not change until they are out. True when they are out already. */
  send(frames: Uint8Array): boolean;
  /** Resumes the reader when there is room again. */
  resumeLater(reader: Resumable): void;
  /** The reader has ended: it is not resumed any more. */
  forget(reader: Resumable): void;
  /** Ends the connection, because a reader lags so many messages behind. */
  tooSlow(unread: number): void;
  /** Ends the connection because of what was thrown. */
  fail(thrown: unknown): void;
}

/** What subscriptions need of the client that holds them. */
export interface SubscriptionHost extends ReaderHost {
  readonly grants: Grants;
  /** Those that it holds. */
  readonly subscriptions: HeldSubscriptions;
  /** Answers a request with OK, if it asked for an answer. */
  answerOk(request: number): void;
  /** Works on a request in pieces, the first one now. The client's further frames wait until it is done. */
  workOn(work: Iterator<unknown>): void;
  /** Tells the client what cannot be done, by an ERROR that answers no request. */
  refuse(thrown: unknown): void;
}

/** What a pattern needs of the subscriptions among which it is held. */
export interface HeldSubscriptions {
  /** How many patterns are held. */
  readonly patterns: number;
  /** Why there may be no further subscription, on this connection or on all; undefined when there may. */
  readonly fullBecause: string | undefined;
  /** Whether something leads to this topic, or is held under this name. */
  has(name: string): boolean;
  /**
   * Subscribes the client to a topic on behalf of a pattern.
   *
   * @throws ProtocolError as {@link SubscriptionKind.subscribe} does
   */
  attach(frame: SubscribeFrame, by: Subscription): void;
}

import type { CommitFrame, HelloFrame, SubscribeFrame, UnsubscribeFrame } from '#protocol/old';
import type { LogLimits } from './limits.ts';
import type { Session } from './session.ts';
import type { Topic } from './topic.ts';
import type { TopicTable } from './topic-table.ts';
import type { Turn } from './turn.ts';

/** What a client may do. Asked once for each topic that it uses, not for each message. */
export interface Grants {
  /** Whether it may publish to this topic, and create it. */
  mayPublish(topic: string): boolean;
  /** Whether it may subscribe to this topic. */
  maySubscribe(topic: string): boolean;
}

/** What a session needs of the broker that it belongs to. */
export interface SessionHome {
  readonly limits: LogLimits;
  readonly topics: TopicTable;
  readonly turn: Turn;
  readonly epoch: number;
  /**
   * Decides about a HELLO.
   *
   * @returns what the client may do; undefined for everything
   * @throws ProtocolError DENIED
   */
  admit(hello: HelloFrame, session: Session): Grants | undefined;
  /** Takes a SUBSCRIBE with a group or a pattern. Returns false where those are not known. */
  subscribeSpecially(frame: SubscribeFrame, session: Session): boolean;
  /** Takes an UNSUBSCRIBE of what {@link SessionHome.subscribeSpecially} took. */
  unsubscribeSpecially(frame: UnsubscribeFrame, session: Session): boolean;
  /** Takes a COMMIT to what {@link SessionHome.subscribeSpecially} took. */
  commitSpecially(frame: CommitFrame, session: Session): boolean;
  /** The session no longer subscribes to this topic. */
  unsubscribed(topic: Topic, session: Session): void;
  /** Lag of what {@link SessionHome.subscribeSpecially} took. */
  specialLag(session: Session): number;
  /** A frame has come or goes, for those who watch. Only asked for while {@link SessionHome.watched}. */
  watch(
    session: Session,
    direction: 'in' | 'out',
    type: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void;
  readonly watched: boolean;
  /** The session has said HELLO, or never will: one fewer to wait for. */
  settled(session: Session): void;
}

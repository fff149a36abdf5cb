/** What the inspector tells about a broker. Only types: the page and the server share them. */

/** A stretch of a topic's log. Offsets are bytes since the topic began. */
export interface SegmentState {
  readonly firstId: number;
  readonly lastId: number;
  /** Offset where it begins. */
  readonly begin: number;
  /** Bytes of messages that it holds. */
  readonly bytes: number;
  /** Bytes that it has room for. */
  readonly capacity: number;
}

/** Somebody who reads a topic: a client, or a group of them with one cursor. */
export interface ReaderState {
  readonly kind: 'client' | 'group';
  /** The client's or the group's name. */
  readonly name: string;
  /** Number of the connection; 0 for a group. */
  readonly connection: number;
  /** How many clients share the cursor. */
  readonly members: number;
  /** The id that it reads next. */
  readonly nextId: number;
  /** Offset of its cursor in the log. */
  readonly at: number;
  /** Messages that were published and that it has not been sent. */
  readonly unsent: number;
  /** Messages delivered and not committed. */
  readonly uncommitted: number;
  /** How many of these there may be; 0 for no limit. */
  readonly window: number;
}

/** A topic and its log. */
export interface TopicState {
  readonly name: string;
  readonly retentionMs: number;
  readonly dedupeMs: number;
  /** The oldest id that a newcomer can have. */
  readonly firstId: number;
  readonly lastId: number;
  /** Messages a second, smoothed. */
  readonly rate: number;
  /** Bytes that the log holds. */
  readonly bytes: number;
  /** Offset after its last byte. */
  readonly end: number;
  /** Offset of the message `firstId`, to within a segment's share. */
  readonly retainedFrom: number;
  /** From the oldest; where there are very many, the oldest ones are told as one. */
  readonly segments: readonly SegmentState[];
  /** Those with most unsent messages. */
  readonly readers: readonly ReaderState[];
  /** How many there are. */
  readonly readerCount: number;
}

/** A connection. Byte counts are since it began. */
export interface ConnectionState {
  readonly number: number;
  readonly name: string;
  readonly address: string;
  readonly state: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Bytes that wait for it to take them. */
  readonly queuedBytes: number;
  readonly subscriptions: number;
  /**
   * Messages of all its subscriptions that it has not been sent, or has not committed where there is a window; -1
   * where adding it up would take too long.
   */
  readonly waiting: number;
}

/** A broker in a few figures. */
export interface InspectorState {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly epoch: number;
  readonly uptimeMs: number;
  /** Where it listens: `tcp 127.0.0.1:7410`. */
  readonly addresses: readonly string[];
  readonly totals: {
    readonly connections: number;
    readonly topics: number;
    /** Inboxes for replies: how many, not which. */
    readonly inboxes: number;
    readonly subscriptions: number;
    /** Messages published since it started. */
    readonly published: number;
    readonly bytesIn: number;
    readonly bytesOut: number;
    readonly queuedBytes: number;
    readonly logBytes: number;
    /** Bytes of memory that messages and keys take in all topics. */
    readonly retainedBytes: number;
    /** The most that they may take. */
    readonly maxTotalRetainedBytes: number;
    /** Whether there is room for what is published. */
    readonly memoryState: 'ok' | 'dropping' | 'refusing';
    /** Bytes of memory that hold what clients have not taken. */
    readonly bufferedBytes: number;
    readonly residentBytes: number;
    readonly eventLoopDelayMs: number;
  };
  /** The most active ones that fit the search. */
  readonly topics: readonly TopicState[];
  /** The most active ones. */
  readonly connections: readonly ConnectionState[];
}

/** The rates of the last five minutes, a sample for each second: three lists of the same length, the oldest first. */
export interface HistoryState {
  /** Milliseconds since 1970. */
  readonly at: readonly number[];
  /** Messages published a second. */
  readonly messages: readonly number[];
  /** Bytes sent a second. */
  readonly bytes: readonly number[];
}

/** A frame for the x-ray. */
export interface FrameState {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly connection: number;
  readonly name: string;
  readonly direction: 'in' | 'out';
  /** Bytes of the whole frame. */
  readonly size: number;
  /** Its first bytes, in base64. */
  readonly bytes: string;
  /** Why bytes are missing, beside length: the viewer may not read this topic, or it is an inbox, which has an owner. */
  readonly hidden?: 'topic' | 'inbox';
}

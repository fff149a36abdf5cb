/**
 * A published message. It is made once, by `Topic.append`, and never changed: everybody
 * who wants it holds the same object. The "copy" that a subscriber's queue keeps is one
 * more reference to it.
 */
export interface Message {
  /** The name of its topic. */
  readonly topic: string;
  /** Its number within the topic: 1 for the first, and one more each time. */
  readonly id: number;
  /**
   * The publisher's name for it, as a latin1 string of the bytes received; `''` means
   * no key.
   */
  readonly key: string;
  /**
   * The content. It belongs to the message: no view of a read buffer that will be
   * written over.
   */
  readonly payload: Uint8Array;
  /**
   * When it was published, in milliseconds of the topic's clock. Never less than the
   * message before.
   */
  readonly time: number;
}

/**
 * Ids that a subscriber will never be handed: too old, or dropped because it was too
 * slow.
 */
export interface Skipped {
  /** The topic that they belong to. */
  readonly topic: string;
  /** The first id that was lost. */
  readonly fromId: number;
  /** The last id that was lost (the same as `fromId` when it is only one). */
  readonly toId: number;
}

/** What a subscriber is handed: a message, or the news that some were lost. */
export type Delivery = Message | Skipped;

/**
 * What a subscriber is handed at once: messages of one topic with ids that follow one
 * another, or one `Skipped`.
 */
export type Batch = readonly Message[] | Skipped;

/** Whether a delivery is the news of lost messages, and not messages. */
// #region is-skipped
export function isSkipped(delivery: Delivery | Batch): delivery is Skipped {
  // step 2.4: messages and losses
  return 'toId' in delivery;
}
// #endregion is-skipped

/**
 * Bytes that a message costs beyond its key and payload: the object itself and its
 * buffer's header.
 */
export const MESSAGE_OVERHEAD = 200;

/**
 * What it costs to hold a message, in bytes. The fixed part matters: without it ten
 * million empty messages would count as nothing.
 */
// #region message-size
export function messageSize(message: Pick<Message, 'key' | 'payload'>): number {
  // step 2.4: messages and losses
  return MESSAGE_OVERHEAD + message.key.length + message.payload.length;
}
// #endregion message-size

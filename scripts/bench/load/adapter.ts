/**
 * What the load generator must know of a system to drive it: how a connection opens, how a publish is
 * encoded, and how the messages in a subscriber's bytes are counted. Everything is plain bytes: no client
 * library takes part, so that what is measured is the broker.
 */
export interface Adapter {
  /** What a publishing connection sends first. */
  publisherHello(): Buffer;
  /** What a subscribing connection sends first; `index` makes names unique where the protocol asks for it. */
  subscriberHello(index: number): Buffer;
  /** Whether these bytes, all that was received so far, say that the connection is open and subscribed. */
  isReady(received: Buffer, role: 'publisher' | 'subscriber'): boolean;
  /** `count` publishes of the payload, one after another in one buffer. */
  publishes(payload: Buffer, count: number): Buffer;
  /** A counter for one subscriber; `reply` sends bytes back to the broker. */
  counter(payloadSize: number, reply: (bytes: Buffer) => void): MessageCounter;
  /** What the publisher must say back to these bytes, if anything (an answer to a broker's ping). */
  answer(bytes: Buffer, length: number): Buffer | undefined;
}

/** Counts the messages in a stream of bytes that is cut anywhere. */
export interface MessageCounter {
  /** How many messages were completed by the first `length` bytes of `bytes`; throws LoadError on a stray byte. */
  count(bytes: Buffer, length: number): number;
}

/** The system under load sent something that a correct run cannot contain. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
}

/** The topic that every benchmark of the fan-out publishes to. */
export const TOPIC = 'bench';

/** The same bytes, `count` times over. */
export function repeat(bytes: Buffer, count: number): Buffer {
  const all = Buffer.allocUnsafe(bytes.length * count);
  for (let at = 0; at < all.length; at += bytes.length) bytes.copy(all, at);
  return all;
}

import { type Adapter, repeat, TOPIC } from './adapter.ts';
import { FixedCounter } from './fixed-counter.ts';

/** One RESP array of bulk strings. */
function command(...words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

const SUBSCRIBED = Buffer.from(`*3\r\n$9\r\nsubscribe\r\n$${Buffer.byteLength(TOPIC)}\r\n${TOPIC}\r\n:1\r\n`);

/** Redis: PUBLISH and SUBSCRIBE in RESP 2. The number that answers each PUBLISH is read and thrown away. */
export const redisAdapter: Adapter = {
  publisherHello: () => Buffer.from(command('PING')),
  subscriberHello: () => Buffer.from(command('SUBSCRIBE', TOPIC)),
  isReady: (received, role) => received.equals(role === 'publisher' ? Buffer.from('+PONG\r\n') : SUBSCRIBED),
  publishes: (payload, count) =>
    repeat(Buffer.from(command('PUBLISH', TOPIC, payload.toString('latin1')), 'latin1'), count),
  counter: (payloadSize, reply) => {
    const prefix = Buffer.from(
      `*3\r\n$7\r\nmessage\r\n$${Buffer.byteLength(TOPIC)}\r\n${TOPIC}\r\n$${payloadSize}\r\n`,
    );
    return new FixedCounter({ prefix, size: prefix.length + payloadSize + 2 }, reply);
  },
  answer: () => undefined,
};

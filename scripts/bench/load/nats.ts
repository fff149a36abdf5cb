import { type Adapter, repeat, TOPIC } from './adapter.ts';
import { FixedCounter } from './fixed-counter.ts';

const CONNECT = 'CONNECT {"verbose":false,"pedantic":false,"lang":"bench","version":"1"}\r\n';
const PING = Buffer.from('PING\r\n');
const PONG = Buffer.from('PONG\r\n');

/** The text protocol of NATS: `PUB subject size`, `MSG subject sid size`. */
export const natsAdapter: Adapter = {
  publisherHello: () => Buffer.from(`${CONNECT}PING\r\n`),
  subscriberHello: () => Buffer.from(`${CONNECT}SUB ${TOPIC} 1\r\nPING\r\n`),
  isReady: (received) => received.subarray(-PONG.length).equals(PONG),
  publishes: (payload, count) =>
    repeat(
      Buffer.from(`PUB ${TOPIC} ${payload.length}\r\n${payload.toString('latin1')}\r\n`, 'latin1'),
      count,
    ),
  counter: (payloadSize, reply) => {
    const prefix = Buffer.from(`MSG ${TOPIC} 1 ${payloadSize}\r\n`);
    return new FixedCounter(
      { prefix, size: prefix.length + payloadSize + 2, aside: { bytes: PING, reply: PONG } },
      reply,
    );
  },
  answer: (bytes, length) => (bytes.subarray(0, length).includes(PING) ? PONG : undefined),
};

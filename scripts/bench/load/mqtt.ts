import { type Adapter, repeat, TOPIC } from './adapter.ts';
import { FixedCounter } from './fixed-counter.ts';

/** `u8 type and flags | varint length | body`. */
function packet(first: number, body: Buffer): Buffer {
  const length: number[] = [];
  let rest = body.length;
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from([first, ...length]), body]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

/** CONNECT of MQTT 3.1.1: clean session, no keep-alive. */
function connect(clientId: string): Buffer {
  return packet(0x10, Buffer.concat([text('MQTT'), Buffer.from([4, 0x02, 0, 0]), text(clientId)]));
}

function publish(payload: Buffer): Buffer {
  return packet(0x30, Buffer.concat([text(TOPIC), payload]));
}

const CONNACK = Buffer.from([0x20, 2, 0, 0]);
const SUBACK = Buffer.from([0x90, 3, 0, 1, 0]);

/** MQTT 3.1.1 at QoS 0, for mosquitto and aedes. */
export const mqttAdapter: Adapter = {
  publisherHello: () => connect('bench-publisher'),
  subscriberHello: (index) =>
    Buffer.concat([
      connect(`bench-subscriber-${index}`),
      packet(0x82, Buffer.concat([Buffer.from([0, 1]), text(TOPIC), Buffer.from([0])])),
    ]),
  isReady: (received, role) =>
    received.equals(role === 'publisher' ? CONNACK : Buffer.concat([CONNACK, SUBACK])),
  publishes: (payload, count) => repeat(publish(payload), count),
  counter: (payloadSize, reply) => {
    const whole = publish(Buffer.alloc(payloadSize, 'x'));
    return new FixedCounter(
      { prefix: whole.subarray(0, whole.length - payloadSize), size: whole.length },
      reply,
    );
  },
  answer: () => undefined,
};

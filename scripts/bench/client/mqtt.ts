import { connectAsync } from 'mqtt';
import { type ConnectAdapter, oneBehind } from './adapter.ts';

const REPLIES = 'bench/replies';

/**
 * mqtt.js, QoS 0 for streams and QoS 1 for confirmed publishes. A publisher waits for the callback of the last message of
 * a batch. MQTT 3.1.1 has no requests: a topic for replies is agreed on by hand.
 */
export const connectMqtt: ConnectAdapter = async (port) => {
  const mqtt = await connectAsync(`mqtt://127.0.0.1:${port}`);
  const handlers = new Map<string, (payload: Buffer) => void>();
  mqtt.on('message', (topic, payload) => handlers.get(topic)?.(payload));
  const subscribe = async (topic: string, handler: (payload: Buffer) => void) => {
    handlers.set(topic, handler);
    await mqtt.subscribeAsync(topic, { qos: 0 });
  };
  const paced = oneBehind();
  let replied = () => {};
  return {
    async receive(topic, _, onPayload) {
      await subscribe(topic, onPayload);
      return async () => {
        await mqtt.unsubscribeAsync(topic);
      };
    },
    publish(topic, payloads) {
      const written = new Promise<void>((resolve, reject) => {
        const last = payloads.length - 1;
        for (const [index, payload] of payloads.entries()) {
          if (index < last) mqtt.publish(topic, payload);
          else mqtt.publish(topic, payload, (error) => (error ? reject(error) : resolve()));
        }
      });
      return paced(written);
    },
    confirm: (topic, payload) => mqtt.publishAsync(topic, payload, { qos: 1 }),
    respond: (topic) => subscribe(topic, (payload) => void mqtt.publish(REPLIES, payload)),
    async request(topic, payload) {
      if (!handlers.has(REPLIES)) await subscribe(REPLIES, () => replied());
      await new Promise<void>((resolve) => {
        replied = resolve;
        mqtt.publish(topic, payload);
      });
    },
    close: () => mqtt.endAsync(),
  };
};

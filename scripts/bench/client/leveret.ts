import { connect, type Message } from '../../../final/client/index.ts';
import type { ConnectAdapter } from './adapter.ts';

/** The client of this project: batches of a turn, `ready()` where it is not `writable`, its own requests and confirmations. */
export const connectLeveret: ConnectAdapter = async (port) => {
  const client = await connect(`leveret://127.0.0.1:${port}`);
  return {
    async receive(topic, way, onPayload) {
      if (way === 'callback') {
        const onMessage = (message: Message) => onPayload(message.view);
        const subscription = await client.subscribe(topic, { onMessage });
        return () => subscription.unsubscribe();
      }
      const subscription = await client.subscribe(topic);
      const loop = (async () => {
        for await (const message of subscription) onPayload(message.view);
      })();
      return async () => {
        await subscription.unsubscribe();
        await loop;
      };
    },
    async publish(topic, payloads) {
      for (const payload of payloads) {
        client.publish(topic, payload);
        if (!client.writable) await client.ready();
      }
    },
    confirm: (topic, payload) => client.publish(topic, payload, { confirm: true }),
    async respond(topic) {
      await client.respond(topic, (request) => request.view);
    },
    async request(topic, payload) {
      await client.request(topic, payload);
    },
    close: () => client.close(),
  };
};

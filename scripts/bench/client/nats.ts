import { connect } from '@nats-io/transport-node';
import { type ConnectAdapter, oneBehind } from './adapter.ts';

/**
 * nats.js. It never holds a publisher back by itself: its documentation has programs `flush()`, a round trip to the
 * server. Core NATS confirms nothing; a `flush()` behind a publish is the nearest thing.
 */
export const connectNats: ConnectAdapter = async (port) => {
  const nats = await connect({ servers: `127.0.0.1:${port}` });
  const paced = oneBehind();
  return {
    async receive(topic, way, onPayload) {
      if (way === 'callback') {
        const subscription = nats.subscribe(topic, { callback: (_, message) => onPayload(message.data) });
        await nats.flush();
        return async () => subscription.unsubscribe();
      }
      const subscription = nats.subscribe(topic);
      const loop = (async () => {
        for await (const message of subscription) onPayload(message.data);
      })();
      await nats.flush();
      return async () => {
        subscription.unsubscribe();
        await loop;
      };
    },
    publish(topic, payloads) {
      for (const payload of payloads) nats.publish(topic, payload);
      return paced(nats.flush());
    },
    confirm(topic, payload) {
      nats.publish(topic, payload);
      return nats.flush();
    },
    async respond(topic) {
      nats.subscribe(topic, {
        callback: (_, message) => {
          message.respond(message.data);
        },
      });
      await nats.flush();
    },
    async request(topic, payload) {
      await nats.request(topic, payload, { timeout: 5_000 });
    },
    close: () => nats.close(),
  };
};

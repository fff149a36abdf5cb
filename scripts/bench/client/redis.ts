import { Redis } from 'ioredis';
import { type ConnectAdapter, oneBehind } from './adapter.ts';

const REPLIES = 'bench:replies';

/**
 * ioredis: a connection that publishes and one that subscribes, as Redis asks for; publishes in pipelines. The reply to a
 * PUBLISH is its confirmation. Redis has no requests: a channel for replies is agreed on by hand.
 */
export const connectRedis: ConnectAdapter = async (port) => {
  const redis = new Redis({ host: '127.0.0.1', port });
  const subscriber = new Redis({ host: '127.0.0.1', port });
  const handlers = new Map<string, (payload: Buffer) => void>();
  subscriber.on('messageBuffer', (channel: Buffer, payload: Buffer) => {
    handlers.get(channel.toString('latin1'))?.(payload);
  });
  const subscribe = async (channel: string, handler: (payload: Buffer) => void) => {
    handlers.set(channel, handler);
    await subscriber.subscribe(channel);
  };
  const paced = oneBehind();
  let replied = () => {};
  return {
    async receive(topic, _, onPayload) {
      await subscribe(topic, onPayload);
      return async () => {
        await subscriber.unsubscribe(topic);
      };
    },
    publish(topic, payloads) {
      const pipeline = redis.pipeline();
      for (const payload of payloads) pipeline.publish(topic, payload);
      return paced(pipeline.exec());
    },
    confirm: (topic, payload) => redis.publish(topic, payload),
    respond: (topic) => subscribe(topic, (payload) => void redis.publish(REPLIES, payload)),
    async request(topic, payload) {
      if (!handlers.has(REPLIES)) await subscribe(REPLIES, () => replied());
      await new Promise<void>((resolve, reject) => {
        replied = resolve;
        redis.publish(topic, payload).catch(reject);
      });
    },
    async close() {
      await Promise.all([redis.quit(), subscriber.quit()]);
    },
  };
};

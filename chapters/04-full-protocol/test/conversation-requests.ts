/** Short ways to write the requests of a conversation. */
import type { ClientFrame } from '#protocol';

export const create = (request: number, topic: string, retentionMs = 0, dedupeMs = 0): ClientFrame => ({
  type: 'CREATE',
  request,
  topic,
  retentionMs,
  dedupeMs,
});

/** Each message is a text, or a key and a text. */
export const publish = (
  request: number,
  topic: string,
  ...messages: (string | readonly [string, string])[]
): ClientFrame => ({
  type: 'PUBLISH',
  request,
  topic,
  records: messages.map((message) => {
    const [key, text] = typeof message === 'string' ? ['', message] : message;
    return { key, payload: Buffer.from(text) };
  }),
});

export const subscribe = (
  request: number,
  topic: string,
  { start = 1, after = 0, window = 0, group = '' } = {},
): ClientFrame => ({ type: 'SUBSCRIBE', request, topic, start, after, window, group });

export const unsubscribe = (request: number, topic: string): ClientFrame => ({
  type: 'UNSUBSCRIBE',
  request,
  topic,
});

export const commit = (topic: string, id: number): ClientFrame => ({ type: 'COMMIT', topic, id });

export const lag = (request: number): ClientFrame => ({ type: 'LAG', request });

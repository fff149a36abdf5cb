import type { RawClient } from './conversation-client.ts';
import { textOf } from './golden-vectors.ts';

/** Read MESSAGES until so many messages have come: their ids and texts. Nothing else may come between. */
export async function readMessages(client: RawClient, count: number): Promise<[number, string][]> {
  const messages: [number, string][] = [];
  while (messages.length < count) {
    const frame = await client.next();
    // One's own confirmation may come between the messages of others.
    if (frame.type === 'PUBLISHED') continue;
    if (frame.type !== 'MESSAGES') throw new Error(`expected MESSAGES, got ${frame.type}`);
    frame.records.forEach((record, i) => {
      messages.push([frame.firstId + i, textOf(record.payload)]);
    });
  }
  if (messages.length > count) throw new Error(`expected ${count} messages, got ${messages.length}`);
  return messages;
}

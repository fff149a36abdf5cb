import { BrokerType, typeName } from '#protocol/old';
import type { RawClient } from './raw-client.ts';

/** Read MESSAGES until so many messages have come: their ids and texts. Nothing else may come between. */
export async function readMessages(client: RawClient, count: number): Promise<[number, string][]> {
  const messages: [number, string][] = [];
  while (messages.length < count) {
    const frame = await client.next();
    // One's own confirmation may come between the messages of others.
    if (frame.type === BrokerType.PUBLISHED) continue;
    if (frame.type !== BrokerType.MESSAGES) throw new Error(`expected MESSAGES, got ${typeName(frame.type)}`);
    frame.records.forEach((record, i) => {
      messages.push([frame.firstId + i, record.payload.toString()]);
    });
  }
  if (messages.length > count) throw new Error(`expected ${count} messages, got ${messages.length}`);
  return messages;
}

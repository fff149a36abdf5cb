/** What the specs of this chapter share. */
import {
  createManualClock,
  type Delivery,
  isSkipped,
  type Message,
  MessageBuffer,
  type MessageBufferOptions,
  Topic,
} from '#topics';

/** A topic, its clock and one buffer on it, as a broker would wire them. */
export function setUp(
  options: Partial<MessageBufferOptions> & { retentionMs?: number; dedupeMs?: number } = {},
) {
  const { retentionMs = 0, dedupeMs = 0, ...rest } = options;
  const clock = createManualClock(1_000);
  const topic = new Topic({ name: 'hares', clock, settings: { retentionMs, dedupeMs } });
  const buffer = new MessageBuffer({ clock, topic, ...rest });
  const publish = (text: string, key = '') => buffer.push(topic.append(key, Buffer.from(text)));
  return { clock, topic, buffer, publish };
}

/** A delivery as one word: `hares:3`, `hares lost 1-2`, or `nothing`. */
export function word(delivery: Delivery | undefined): string {
  if (delivery === undefined) return 'nothing';
  if (isSkipped(delivery)) return `${delivery.topic} lost ${delivery.fromId}-${delivery.toId}`;
  return `${delivery.topic}:${delivery.id}`;
}

/** Everything that can be taken now, as words. */
export function drain(next: () => Delivery | undefined): string[] {
  const words: string[] = [];
  for (let delivery = next(); delivery !== undefined; delivery = next()) words.push(word(delivery));
  return words;
}

/** A message made by hand, for what needs no topic. */
export function message(id: number, fields: Partial<Message> = {}): Message {
  return { topic: 'hares', id, key: '', payload: Buffer.alloc(0), time: 0, order: id, ...fields };
}

/** The code of the error that `run` throws. */
export function code(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'no error';
}

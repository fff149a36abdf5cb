/** What the specs of this chapter share. */
import {
  createManualClock,
  type Delivery,
  isSkipped,
  type Message,
  MessageBuffer,
  type Overflow,
  QueueLimit,
  type QueueLimits,
  type SubscribeOptions,
  type Topic,
  TopicRegistry,
} from '#topics';

/** What `setUp` may be told. */
export interface SetUpOptions extends SubscribeOptions, Partial<QueueLimits> {
  readonly overflow?: Overflow;
  readonly retentionMs?: number;
  readonly dedupeMs?: number;
  readonly maxRetainedBytes?: number;
}

/** A topic, its clock and one buffer on it, as a broker would wire them. */
export function setUp(options: SetUpOptions = {}) {
  const { retentionMs = 0, dedupeMs = 0, overflow, start, window, maxRetainedBytes, ...limits } = options;
  const clock = createManualClock(1_000);
  const registry = new TopicRegistry(maxRetainedBytes === undefined ? {} : { maxRetainedBytes }, clock);
  registry.create('hares', { retentionMs, dedupeMs });
  const topic = registry.use('hares');
  const limit = new QueueLimit(limits, overflow);
  const subscribe = (how: SubscribeOptions = {}) => new MessageBuffer(topic, how, limit);
  const how = { ...(start !== undefined && { start }), ...(window !== undefined && { window }) };
  const buffer = subscribe(how);
  /** Publishes, and says what the buffer does with it. */
  const publish = (text = 'text', key = '') => offer(buffer, append(topic, text, key));
  return { clock, topic, limit, subscribe, buffer, publish };
}

/** A new message of a topic; fails for a repeat. */
export function append(topic: Topic, text = 'text', key = ''): Message {
  const message = topic.append(key, Buffer.from(text));
  if (message === undefined) throw new Error(`${JSON.stringify(key)} counted as a repeat`);
  return message;
}

/** `queued`, or the code with which a buffer refuses a message. */
export function offer(buffer: MessageBuffer, message: Message): string {
  const refused = code(() => buffer.push(message));
  return refused === 'no error' ? 'queued' : refused;
}

/** A delivery as one word: `hares:3`, `hares lost 1-2`, or `nothing`. */
export function word(delivery: Delivery | undefined): string {
  if (delivery === undefined) return 'nothing';
  if (isSkipped(delivery)) return `${delivery.topic} lost ${delivery.fromId}-${delivery.toId}`;
  return `${delivery.topic}:${delivery.id}`;
}

/** More than any test hands out: code that never says "nothing" fails instead of running on. */
const MANY = 10_000;

/** Everything that can be taken now, as words. */
export function drain(next: () => Delivery | undefined): string[] {
  const words: string[] = [];
  for (let delivery = next(); delivery !== undefined; delivery = next()) {
    words.push(word(delivery));
    if (words.length > MANY) throw new Error(`more than ${MANY} deliveries, the last one ${words.at(-1)}`);
  }
  return words;
}

/** How long a test waits for what should come at once: well under the patience of who runs it. */
const PATIENCE_MS = 2_000;

/** What a promise gives; fails by name when it does not come. */
export async function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: it did not come in ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
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

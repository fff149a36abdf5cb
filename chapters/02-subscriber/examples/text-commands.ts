import {
  type Delivery,
  isSkipped,
  type ManualClock,
  type Start,
  Subscriber,
  TopicError,
  TopicRegistry,
} from '#topics';

const utf8 = new TextDecoder();

const HELP = `create TOPIC RETENTION_MS DEDUPE_MS
subscribe TOPIC [earliest|latest|after:ID] [window:N]
unsubscribe TOPIC
publish TOPIC [key:KEY] TEXT
next
lag
commit TOPIC ID
clock +MS`;

/** What everybody who talks to this stage has in common. Nothing here knows of sockets. */
export class TextDesk {
  readonly #registry: TopicRegistry;
  readonly #subscribers = new Set<Subscriber>();
  readonly #clock: ManualClock;

  /** @param clock - the time of this desk; the command `clock +5000` moves it for everybody */
  constructor(clock: ManualClock) {
    this.#clock = clock;
    this.#registry = new TopicRegistry({ maxTopics: 1_000, maxRetainedBytes: 1_048_576 }, clock);
  }

  /** A client has come. */
  join(): Subscriber {
    const subscriber = new Subscriber({ overflow: 'drop-oldest', maxLagMessages: 1_000 });
    this.#subscribers.add(subscriber);
    return subscriber;
  }

  /** A client has gone. */
  leave(subscriber: Subscriber): void {
    subscriber.close();
    this.#subscribers.delete(subscriber);
  }

  /** Does what a line of text asks for, and answer with text. Whatever the line, it never throws. */
  run(subscriber: Subscriber, line: string): string {
    const [verb = '', topic = '', ...rest] = line.trim().split(/ +/);
    try {
      if (verb === 'create') return this.#create(topic, rest);
      if (verb === 'subscribe') return this.#subscribe(subscriber, topic, rest);
      if (verb === 'unsubscribe') return this.#unsubscribe(subscriber, topic);
      if (verb === 'publish') return this.#publish(topic, rest);
      if (verb === 'next') return describe(subscriber.nextReady()?.next());
      if (verb === 'lag') return `lag ${subscriber.lag}`;
      if (verb === 'commit') return `ok, settled ${subscriber.commit(topic, toNumber(rest[0]))}`;
      if (verb === 'clock') return this.#moveClock(topic);
      return HELP;
    } catch (error) {
      if (error instanceof TopicError) return `error ${error.code}: ${error.message}`;
      if (error instanceof RangeError) return `error: ${error.message}`;
      throw error;
    }
  }

  #create(name: string, [retention, dedupe]: string[]): string {
    const settings = { retentionMs: toNumber(retention ?? '0'), dedupeMs: toNumber(dedupe ?? '0') };
    this.#registry.create(name, settings);
    return 'ok';
  }

  #subscribe(subscriber: Subscriber, name: string, words: string[]): string {
    let start: Start = 'latest';
    let window = 0;
    for (const word of words) {
      if (word === 'earliest') start = word;
      if (word.startsWith('after:')) start = { after: toNumber(word.slice('after:'.length)) };
      if (word.startsWith('window:')) window = toNumber(word.slice('window:'.length));
    }
    subscriber.subscribe(this.#registry.use(name), { start, window });
    return 'ok';
  }

  #unsubscribe(subscriber: Subscriber, name: string): string {
    subscriber.unsubscribe(name);
    return 'ok';
  }

  #publish(name: string, words: string[]): string {
    const key = words[0]?.startsWith('key:') ? (words.shift() ?? '').slice('key:'.length) : '';
    const message = this.#registry.use(name).append(key, Buffer.from(words.join(' ')));
    if (message === undefined) return 'ok, a duplicate: dropped';
    const wanted = [...this.#subscribers].filter((subscriber) => subscriber.offer(message));
    return `ok, id ${message.id}, ${wanted.length} queued`;
  }

  #moveClock(step: string): string {
    const ms = toNumber(step);
    if (ms < 0) throw new RangeError('the clock moves forward only');
    this.#clock.advance(ms);
    return 'ok';
  }
}

function describe(delivery: Delivery | undefined): string {
  if (delivery === undefined) return 'nothing';
  if (isSkipped(delivery)) return `${delivery.topic} lost ${delivery.fromId} to ${delivery.toId}`;
  return `${delivery.topic} ${delivery.id}: ${utf8.decode(delivery.payload)}`;
}

function toNumber(text = ''): number {
  const value = Number(text);
  if (text !== '' && Number.isSafeInteger(value)) return value;
  throw new RangeError(`not a whole number: ${JSON.stringify(text)}`);
}

/** The models of `model.spec.ts`: plain arrays, everything looked at each time. */
import { type Delivery, type Message, messageSize, type Skipped, type Start } from '#topics';

interface NaiveSettings {
  retentionMs: number;
  dedupeMs: number;
  window: number;
  overflow: 'refuse' | 'drop-oldest';
  maxMessages: number;
  maxBytes: number;
  maxKeys: number;
}

/** A `MessageBuffer` without a clever line. */
export class NaiveBuffer {
  readonly settings: NaiveSettings;
  waiting: Message[] = [];
  uncommitted: Message[] = [];
  keys: { key: string; time: number }[] = [];
  lost: Message[] = [];
  lastHandedOut = 0;

  constructor(settings: NaiveSettings) {
    this.settings = settings;
  }

  expire(now: number): void {
    const { retentionMs } = this.settings;
    if (retentionMs === 0) return;
    const isOld = ({ time }: Message) => now - time > retentionMs;
    this.lost.push(...this.waiting.filter(isOld));
    this.waiting = this.waiting.filter((message) => !isOld(message));
  }

  push(message: Message, now: number, replayed = false): string {
    const { dedupeMs, overflow, maxMessages, maxBytes, maxKeys } = this.settings;
    this.expire(now);
    const keyed = dedupeMs > 0 && message.key !== '';
    const recent = this.keys.filter(({ time }) => message.time - time <= dedupeMs);
    if (keyed && recent.some(({ key }) => key === message.key)) return 'duplicate';
    const bytes = () => [...this.waiting, message].reduce((sum, each) => sum + messageSize(each), 0);
    const fits = () =>
      this.waiting.length === 0 || (this.waiting.length < maxMessages && bytes() <= maxBytes);
    if (!replayed && !fits() && overflow === 'refuse') return 'full';
    while (!replayed && !fits()) this.lost.push(...this.waiting.splice(0, 1));
    if (keyed) this.keys = [...recent, { key: message.key, time: message.time }].slice(-maxKeys);
    this.waiting.push(message);
    return 'queued';
  }

  takeLoss(now: number): Skipped | undefined {
    this.expire(now);
    const [first] = this.lost;
    const last = this.lost.at(-1);
    this.lost = [];
    if (first === undefined || last === undefined) return undefined;
    return { topic: first.topic, fromId: first.id, toId: last.id };
  }

  get windowOpen(): boolean {
    return this.settings.window === 0 || this.uncommitted.length < this.settings.window;
  }

  next(now: number): Delivery | undefined {
    const loss = this.takeLoss(now);
    if (loss !== undefined) return loss;
    const message = this.windowOpen ? this.waiting.shift() : undefined;
    if (message === undefined) return undefined;
    if (this.settings.window > 0) this.uncommitted.push(message);
    this.lastHandedOut = message.id;
    return message;
  }

  commit(id: number): string {
    if (id > this.lastHandedOut) return 'BAD_COMMIT';
    this.uncommitted = this.uncommitted.filter((message) => message.id > id);
    return 'no error';
  }

  lag(now: number): number {
    this.expire(now);
    return this.waiting.length + this.uncommitted.length;
  }
}

type TopicSettings = Pick<NaiveSettings, 'retentionMs' | 'dedupeMs'>;

/** Registry, topics and one subscriber together, without a clever line. */
export class NaiveTopics {
  readonly settings = new Map<string, TopicSettings>();
  readonly published: Message[] = [];
  readonly buffers = new Map<string, NaiveBuffer>();

  create(name: string, settings: TopicSettings): void {
    this.settings.set(name, settings);
  }

  publish(message: Message, now: number): string {
    this.published.push(message);
    return this.buffers.get(message.topic)?.push(message, now) ?? 'ignored';
  }

  subscribe(name: string, start: Start, window: number, now: number): string {
    const { retentionMs, dedupeMs } = this.settings.get(name) ?? { retentionMs: 0, dedupeMs: 0 };
    const all = this.published.filter(({ topic }) => topic === name);
    const lastId = all.length;
    if (typeof start === 'object' && start.after > lastId) return 'OUT_OF_RANGE';
    const limits = { maxMessages: 1e9, maxBytes: 1e9, maxKeys: 1e9, overflow: 'refuse' as const };
    const buffer = new NaiveBuffer({ retentionMs, dedupeMs, window, ...limits });
    this.buffers.set(name, buffer);
    if (start === 'next') return 'no error';
    const wanted = all.filter(({ id }) => start === 'all' || id > start.after);
    for (const message of wanted) {
      const retained = retentionMs > 0 && now - message.time <= retentionMs;
      if (retained) buffer.push(message, now, true);
      else if (start !== 'all') buffer.lost.push(message);
    }
    return 'no error';
  }

  unsubscribe(name: string): string {
    return this.buffers.delete(name) ? 'no error' : 'NOT_SUBSCRIBED';
  }

  commit(name: string, id: number): string {
    return this.buffers.get(name)?.commit(id) ?? 'NOT_SUBSCRIBED';
  }

  takeLoss(name: string, now: number): Skipped | undefined {
    return this.buffers.get(name)?.takeLoss(now);
  }

  takeMessage(now: number): Delivery | undefined {
    const open = [...this.buffers.values()].filter((buffer) => buffer.windowOpen);
    for (const buffer of open) buffer.expire(now);
    const heads = open.flatMap(({ waiting }) => waiting.slice(0, 1));
    const [first] = heads.sort((one, other) => one.order - other.order);
    return first === undefined ? undefined : this.buffers.get(first.topic)?.next(now);
  }

  lag(now: number): number {
    return [...this.buffers.values()].reduce((sum, buffer) => sum + buffer.lag(now), 0);
  }
}

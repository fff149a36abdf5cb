/** The models of `model.spec.ts`: plain arrays, everything looked at each time. */
import {
  type Delivery,
  type Message,
  messageSize,
  type Overflow,
  type Skipped,
  type Start,
  type TopicSettings,
} from '#topics';

/** What a `NaiveBuffer` is told. */
export interface NaiveSettings extends TopicSettings {
  readonly window: number;
  readonly overflow: Overflow;
  readonly maxLagMessages: number;
  readonly maxLagBytes: number;
}

/** Lets a key through once in a window. */
export class NaiveKeys {
  admitted: { key: string; time: number }[] = [];

  admit(key: string, time: number, dedupeMs: number, maxKeys: number): boolean {
    if (dedupeMs === 0 || key === '') return true;
    const recent = this.admitted.filter((one) => time - one.time <= dedupeMs);
    if (recent.some((one) => one.key === key)) return false;
    this.admitted = [...recent, { key, time }].slice(-maxKeys);
    return true;
  }
}

/** A `MessageBuffer` without a clever line. */
export class NaiveBuffer {
  readonly settings: NaiveSettings;
  /** What the topic had retained at the beginning; it is not counted against the limits. */
  history: Message[] = [];
  waiting: Message[] = [];
  uncommitted: Message[] = [];
  lost: number[] = [];
  lastHandedOut = 0;
  /** The last id that was taken in. What is refused after it is not known to be lost yet. */
  arrived = 0;

  constructor(settings: NaiveSettings) {
    this.settings = settings;
  }

  expire(now: number): void {
    const { retentionMs } = this.settings;
    if (retentionMs === 0) return;
    const isOld = ({ time }: Message) => now - time > retentionMs;
    this.lose([...this.history, ...this.waiting].filter(isOld));
    this.history = this.history.filter((message) => !isOld(message));
    this.waiting = this.waiting.filter((message) => !isOld(message));
  }

  lose(messages: readonly Message[]): void {
    this.lost.push(...messages.map(({ id }) => id));
  }

  push(message: Message, now: number): string {
    const { overflow, maxLagMessages, maxLagBytes } = this.settings;
    this.expire(now);
    const bytes = () => [...this.waiting, message].reduce((sum, each) => sum + messageSize(each), 0);
    const fits = () =>
      this.waiting.length === 0 || (this.waiting.length < maxLagMessages && bytes() <= maxLagBytes);
    if (!fits() && overflow === 'refuse') {
      this.lost.push(message.id);
      return 'SLOW';
    }
    while (!fits()) this.lose(this.waiting.splice(0, 1));
    this.waiting.push(message);
    this.arrived = message.id;
    return 'queued';
  }

  /** The ids that are lost and come before everything that waits. */
  takeLoss(topic: string, now: number): Skipped | undefined {
    this.expire(now);
    const first = [...this.history, ...this.waiting][0]?.id ?? this.arrived + 1;
    const told = this.lost.filter((id) => id < first).sort((a, b) => a - b);
    this.lost = this.lost.filter((id) => id >= first);
    const [fromId] = told;
    const toId = told.at(-1);
    return fromId === undefined || toId === undefined ? undefined : { topic, fromId, toId };
  }

  get windowOpen(): boolean {
    return this.settings.window === 0 || this.uncommitted.length < this.settings.window;
  }

  next(topic: string, now: number): Delivery | undefined {
    const loss = this.takeLoss(topic, now);
    if (loss !== undefined || !this.windowOpen) return loss;
    const message = this.history.shift() ?? this.waiting.shift();
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
    return this.history.length + this.waiting.length + this.uncommitted.length;
  }
}

/** Registry, topics and one subscriber together, without a clever line. */
export class NaiveTopics {
  readonly settings = new Map<string, TopicSettings>();
  readonly published: Message[] = [];
  readonly buffers = new Map<string, NaiveBuffer>();

  create(name: string, settings: TopicSettings): void {
    this.settings.set(name, settings);
  }

  publish(message: Message, now: number): boolean {
    this.published.push(message);
    return this.buffers.get(message.topic)?.push(message, now) !== undefined;
  }

  subscribe(name: string, start: Start, window: number, now: number): string {
    const { retentionMs, dedupeMs } = this.settings.get(name) ?? { retentionMs: 0, dedupeMs: 0 };
    const all = this.published.filter(({ topic }) => topic === name);
    if (typeof start === 'object' && start.after > all.length) return 'OUT_OF_RANGE';
    const limits = { maxLagMessages: 1e9, maxLagBytes: 1e9, overflow: 'refuse' as const };
    const buffer = new NaiveBuffer({ retentionMs, dedupeMs, window, ...limits });
    buffer.arrived = all.length;
    this.buffers.set(name, buffer);
    if (start === 'latest') return 'no error';
    const isRetained = ({ time }: Message) => retentionMs > 0 && now - time <= retentionMs;
    const wanted = all.filter(({ id }) => start === 'earliest' || id > start.after);
    buffer.history = wanted.filter(isRetained);
    if (start !== 'earliest') buffer.lose(wanted.filter((message) => !isRetained(message)));
    return 'no error';
  }

  unsubscribe(name: string): string {
    return this.buffers.delete(name) ? 'no error' : 'NOT_SUBSCRIBED';
  }

  commit(name: string, id: number): string {
    return this.buffers.get(name)?.commit(id) ?? 'NOT_SUBSCRIBED';
  }

  /** What one topic would hand out now. */
  next(name: string, now: number): Delivery | undefined {
    return this.buffers.get(name)?.next(name, now);
  }

  /** The topics that have a message to hand out now. */
  ready(now: number): string[] {
    const names = [...this.buffers.keys()];
    return names.filter((name) => {
      const buffer = this.buffers.get(name);
      buffer?.expire(now);
      return buffer?.windowOpen && buffer.history.length + buffer.waiting.length > 0;
    });
  }

  lag(now: number): number {
    return [...this.buffers.values()].reduce((sum, buffer) => sum + buffer.lag(now), 0);
  }
}

import { LeveretError } from '#framing';
import { type Clock, monotonicClock } from '#topics';
import type { LogLimits } from './limits.ts';
import { TickScheduler } from './tick-scheduler.ts';
import { Topic } from './topic.ts';

/** All topics by name. */
export class TopicTable {
  readonly limits: LogLimits;
  readonly #ticks: TickScheduler;
  readonly #topics = new Map<string, Topic>();

  /** @param clock - monotonic milliseconds; tells the age of messages */
  constructor(limits: LogLimits, clock: Clock = monotonicClock) {
    this.limits = limits;
    this.#ticks = new TickScheduler(clock);
  }

  /** The topic of this name, if there is one. */
  get(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  /** The topic of this name, new if there is none. @throws LeveretError `LIMIT` */
  use(name: string): Topic {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const { maxTopics } = this.limits;
    if (this.#topics.size >= maxTopics) throw new LeveretError('LIMIT', `no more than ${maxTopics} topics`);
    const topic = new Topic(name, this.limits, this.#ticks);
    this.#topics.set(name, topic);
    return topic;
  }

  /** Called from time to time, for topics that nobody uses. */
  sweep(): void {
    for (const topic of this.#topics.values()) topic.sweep();
  }
}

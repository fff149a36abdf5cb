import type { Way } from './adapter.ts';

/** How many messages may be on their way, and how many are published at a time. */
export interface Flow {
  /** Messages published that the subscriber has not reported yet. */
  readonly window: number;
  readonly batch: number;
}

/** What the parent asks of one side. Each task has one answer. */
export type Task =
  /** Subscriber: subscribe, and count from 0 the messages of a run. Answers `{}` when subscribed. */
  | {
      readonly do: 'receive';
      readonly topic: string;
      readonly way: Way;
      readonly payload: number;
      readonly flow: Flow;
    }
  /** Subscriber: wait until so many have come, or nothing comes any more. Answers {@link Received}. */
  | { readonly do: 'await'; readonly messages: number }
  /** Subscriber: the next run begins. */
  | { readonly do: 'restart' }
  /** Subscriber: unsubscribe. */
  | { readonly do: 'leave' }
  /** Publisher: publish for so long. Answers {@link Sent}. */
  | {
      readonly do: 'publish';
      readonly topic: string;
      readonly payload: number;
      readonly flow: Flow;
      readonly milliseconds: number;
      readonly confirmed: boolean;
    }
  /** Subscriber: answer requests to this topic. */
  | { readonly do: 'respond'; readonly topic: string }
  /** Publisher: ask so often, one request after another. Answers {@link Asked}. */
  | { readonly do: 'request'; readonly topic: string; readonly payload: number; readonly count: number };

/** What a publisher has done. Times are milliseconds of the machine's one monotonic clock. */
export interface Sent {
  readonly messages: number;
  readonly began: number;
  /** When the last one was published, and confirmed if that was asked for. */
  readonly ended: number;
  /** Processor time in seconds. */
  readonly cpu: number;
}

/** What a subscriber has got. */
export interface Received {
  readonly messages: number;
  /** When the last one came. */
  readonly ended: number;
  readonly cpu: number;
  /** What was wrong with the first message that was not the one to come; undefined if all were. */
  readonly fault: string | undefined;
}

/** Round trips. */
export interface Asked {
  /** Milliseconds of each. */
  readonly latencies: readonly number[];
}

/** What a side sends: the answer to its task, or how far a subscriber has come. */
export type SideMessage =
  | { readonly answer: unknown }
  | { readonly error: string }
  | { readonly received: number };

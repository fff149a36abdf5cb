import { LeveretError } from '#framing';
import { Queue } from '#topics';
import type { BrokerFrame, ClientFrame, FrameNamed } from '../wire/index.ts';

/** Which frame answers which, when all goes well. */
const ANSWERS = {
  HELLO: 'WELCOME',
  CREATE: 'OK',
  PUBLISH: 'PUBLISHED',
  SUBSCRIBE: 'OK',
  UNSUBSCRIBE: 'OK',
  LAG: 'LAG',
  PING: 'PONG',
} as const satisfies Partial<Record<ClientFrame['type'], BrokerFrame['type']>>;

/** The requests that are answered. */
export type RequestName = keyof typeof ANSWERS;

/** The answer to a request. */
export type AnswerTo<N extends RequestName> = FrameNamed<BrokerFrame, (typeof ANSWERS)[N]>;

interface Waiter {
  readonly answer: BrokerFrame['type'];
  readonly request: number;
  resolve(answer: BrokerFrame): void;
  reject(error: Error): void;
}

/** Who waits for an answer. Answers come in the order of the requests, so the first one here gets the next. */
export class AnswerQueue {
  readonly #waiters = new Queue<Waiter>();

  get length(): number {
    return this.#waiters.length;
  }

  /** Waits for the answer to a request that has been sent. `onAnswer` is called before any later frame is looked at. */
  expect<N extends RequestName, T>(
    request: FrameNamed<ClientFrame, N>,
    onAnswer: (answer: AnswerTo<N>) => T,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({
        answer: ANSWERS[request.type as N],
        request: numberOf(request),
        resolve: (answer) => resolve(onAnswer(answer as AnswerTo<N>)),
        reject,
      });
    });
  }

  /** An answer has come. @throws LeveretError `BAD_BROKER` if it is not the one that is due */
  settle(answer: BrokerFrame, refusal?: Error): void {
    const waiter = this.#waiters.shift();
    const isDue = waiter?.request === numberOf(answer) && (refusal !== undefined || waiter.answer === answer.type);
    if (waiter === undefined || !isDue) throw new LeveretError('BAD_BROKER', `${answer.type} answers nothing`);
    if (refusal === undefined) waiter.resolve(answer);
    else waiter.reject(refusal);
  }

  /** No more answers will come. */
  rejectAll(error: Error): void {
    for (let waiter = this.#waiters.shift(); waiter !== undefined; waiter = this.#waiters.shift()) waiter.reject(error);
  }
}

/** The number of a request, or of an answer; 0 for those that have none. */
function numberOf(frame: ClientFrame | BrokerFrame): number {
  return 'request' in frame ? frame.request : 0;
}

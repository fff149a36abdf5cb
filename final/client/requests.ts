import { LeveretError } from '#framing';
import { Queue } from '#topics';
import { type Deferred, defer } from './deferred.ts';
import type { Message } from './message.ts';
import type { Payload } from './publish-options.ts';
import type { SubscribeOptions } from './subscribe-options.ts';
import type { Subscription } from './subscription.ts';
import { type WaitOptions, waitFor } from './wait.ts';

/** How to ask. */
export interface RequestOptions extends WaitOptions {
  /** Milliseconds to wait for the reply. @defaultValue 5,000 */
  readonly timeout?: number;
}

/** How to answer. */
export interface RespondOptions {
  /** Each request goes to one of those who name the same group. @defaultValue none: everybody answers */
  readonly group?: string;
  /** Requests that are worked on at the same time, 1 to 65,535. @defaultValue 1,000 */
  readonly concurrency?: number;
  /** Called when a handler has thrown; the requester gets the error's message in any case. */
  readonly onError?: (error: unknown) => void;
}

/**
 * A question and its answer are two messages. The key of the first says where to answer: `?` reply topic `#` number. The
 * key of the second is that number, or `!` and the number when the payload is the text of an error.
 */
const ASK = '?';
const FAILED = '!';

/** What the requests need of their client. */
export interface RequestsHost {
  publish(topic: string, payload: Payload, options: { key: string }): void;
  subscribe(topic: string, options: SubscribeOptions): Promise<Subscription>;
  /** Subscribes to an inbox; resolves when the broker has answered. */
  openInbox(topic: string, onMessage: (message: Message) => void): Promise<void>;
}

/** Asks questions. All answers come to one topic of the client's own, subscribed when the first question is asked. */
export class Requests {
  readonly #host: RequestsHost;
  readonly #pending = new Map<string, Deferred<Message>>();
  readonly #inbox = `_inbox.${randomName()}`;
  #opened: Promise<void> | undefined;
  #last = 0;

  constructor(host: RequestsHost) {
    this.#host = host;
  }

  /** Publishes a question, and waits for the answer. */
  async request(topic: string, payload: Payload, options: RequestOptions): Promise<Message> {
    const { timeout = 5_000, signal } = options;
    const number = String(++this.#last);
    const deferred = defer<Message>();
    deferred.promise.catch(() => {});
    // The frames go out in this order, so nobody has to wait for the inbox. If it is refused, nothing will ever come.
    this.#opened ??= this.#host.openInbox(this.#inbox, (message) => this.#answered(message));
    this.#opened.catch((error: unknown) => {
      this.#opened = undefined;
      deferred.reject(error);
    });
    this.#host.publish(topic, payload, { key: `${ASK}${this.#inbox}#${number}` });
    this.#pending.set(number, deferred);
    try {
      return await waitFor(
        deferred.promise,
        { timeout, ...(signal === undefined ? {} : { signal }) },
        `the request to ${topic}`,
      );
    } catch (error) {
      if (error instanceof LeveretError && error.code === 'TIMEOUT') {
        const message = `no reply from ${topic} within ${timeout} ms: does anybody respond to it?`;
        throw new LeveretError('TIMEOUT', message, { cause: error });
      }
      throw error;
    } finally {
      this.#pending.delete(number);
    }
  }

  /** Answers cannot come any more. */
  rejectAll(error: LeveretError): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  #answered(message: Message): void {
    const { key } = message;
    const failed = key.startsWith(FAILED);
    const pending = this.#pending.get(failed ? key.slice(FAILED.length) : key);
    if (failed)
      pending?.reject(new LeveretError('HANDLER_FAILED', `the responder failed: ${message.text()}`));
    else pending?.resolve(message);
  }
}

/** Answers a question: what it returns is the payload of the reply. */
export type RequestHandler = (request: Message) => Payload | undefined | Promise<Payload | undefined>;

/**
 * Answers the questions that come to a topic. A request is committed once it and all before it are answered, so in a group
 * the requests of a responder that dies go to the others.
 */
export async function respond(
  host: RequestsHost,
  topic: string,
  handler: RequestHandler,
  options: RespondOptions,
): Promise<Subscription> {
  const { group = '', concurrency = 1_000, onError } = options;
  const working = new Queue<{ message: Message; done: boolean }>();
  let subscription: Subscription | undefined;
  let last: Message | undefined;
  const finish = (entry: { done: boolean }) => {
    entry.done = true;
    while (working.peek()?.done === true) last = working.shift()?.message;
    // The first requests may come in the same breath as the broker's OK.
    if (last === undefined || subscription === undefined) return;
    subscription.commit(last);
    last = undefined;
  };
  const reply = (request: Message, payload: Payload, failed: boolean) => {
    const { key } = request;
    const at = key.lastIndexOf('#');
    const number = key.slice(at + 1);
    try {
      host.publish(key.slice(ASK.length, at), payload, { key: failed ? FAILED + number : number });
    } catch (error) {
      // Closed meanwhile, or the reply is too large.
      if (failed) return;
      onError?.(error);
      reply(request, errorText(error), true);
    }
  };
  const fail = (request: Message, error: unknown) => {
    onError?.(error);
    reply(request, errorText(error), true);
  };
  const onMessage = (message: Message) => {
    const entry = { message, done: false };
    working.push(entry);
    // A message that asks nothing is nobody's to answer.
    if (!/^\?.+#\d+$/.test(message.key)) return finish(entry);
    let result: ReturnType<RequestHandler>;
    try {
      result = handler(message);
    } catch (error) {
      fail(message, error);
      return finish(entry);
    }
    if (!isPromise(result)) {
      reply(message, result ?? '', false);
      return finish(entry);
    }
    result
      .then(
        (payload) => reply(message, payload ?? '', false),
        (error: unknown) => fail(message, error),
      )
      .finally(() => finish(entry))
      .catch(() => {});
  };
  subscription = await host.subscribe(topic, { group, window: concurrency, onMessage });
  if (last !== undefined) subscription.commit(last);
  return subscription;
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** 128 bits that nobody can guess: whoever knows an inbox can read its replies. */
function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

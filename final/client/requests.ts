import { LeveretError } from '#framing';
import { Queue } from '#topics';
import { INBOX_PREFIX, isInbox } from '../broker/topics/reserved-names.ts';
import { checkName } from './check-names.ts';
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
  /**
   * Called when a handler has thrown; the requester gets the error's message in any case. Called with a LeveretError
   * `BAD_REQUEST` for a request that asks for its reply anywhere but in an inbox: it is dropped, and nobody answers it.
   */
  readonly onError?: (error: unknown) => void;
}

/**
 * A question and its answer are two messages. The key of the first says where to answer: `?` reply topic `#` number. The
 * key of the second is that number, or `!` and the number when the payload is the text of an error.
 */
const ASK = '?';
const FAILED = '!';

/** The key of a request: the inbox that the reply is for, and the number to reply with. */
const ASK_KEY = /^\?(.+)#(\d+)$/s;

/** What the requests need of their client. */
export interface RequestsHost {
  publish(topic: string, payload: Payload, options: { key: string }): void;
  subscribe(topic: string, options: SubscribeOptions): Promise<Subscription>;
  /** Subscribes to an inbox. */
  openInbox(topic: string, onMessage: (message: Message) => void): OpenInbox;
}

/** An inbox that was asked for. */
export interface OpenInbox {
  readonly topic: string;
  /** Resolves when the broker has agreed. */
  readonly opened: Promise<void>;
  /** The connection that it belonged to is gone: it is not asked for again. */
  drop(): void;
}

/**
 * Asks questions. All answers come to an inbox: a topic that belongs to this connection, subscribed when the first question
 * is asked. Each connection has a new one, since the broker may not have noticed yet that the last connection is gone.
 */
export class Requests {
  readonly #host: RequestsHost;
  readonly #pending = new Map<string, Deferred<Message>>();
  #inbox: OpenInbox | undefined;
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
    this.#inbox ??= this.#host.openInbox(`${INBOX_PREFIX}${randomName()}`, (message) =>
      this.#answered(message),
    );
    const inbox = this.#inbox;
    inbox.opened.catch((error: unknown) => {
      if (this.#inbox === inbox) this.#inbox = undefined;
      deferred.reject(error);
    });
    this.#host.publish(topic, payload, { key: `${ASK}${inbox.topic}#${number}` });
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
    this.#inbox?.drop();
    this.#inbox = undefined;
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
  const reply = (asker: Asker, payload: Payload, failed: boolean) => {
    const { inbox, number } = asker;
    try {
      host.publish(inbox, payload, { key: failed ? FAILED + number : number });
    } catch (error) {
      // Closed meanwhile, or the reply is too large.
      if (failed) return;
      onError?.(error);
      reply(asker, errorText(error), true);
    }
  };
  const fail = (asker: Asker, error: unknown) => {
    onError?.(error);
    reply(asker, errorText(error), true);
  };
  const onMessage = (message: Message) => {
    const entry = { message, done: false };
    working.push(entry);
    const asker = askerOf(message.key);
    if (asker === undefined) {
      finish(entry);
      // A message that asks nothing is nobody's to answer.
      if (message.key.startsWith(ASK)) onError?.(badRequest(message));
      return;
    }
    let result: ReturnType<RequestHandler>;
    try {
      result = handler(message);
    } catch (error) {
      finish(entry);
      return fail(asker, error);
    }
    if (!isPromise(result)) {
      reply(asker, result ?? '', false);
      return finish(entry);
    }
    result
      .then(
        (payload) => reply(asker, payload ?? '', false),
        (error: unknown) => fail(asker, error),
      )
      .finally(() => finish(entry))
      .catch(() => {});
  };
  subscription = await host.subscribe(topic, { group, window: concurrency, onMessage });
  if (last !== undefined) subscription.commit(last);
  return subscription;
}

/** Who waits for a reply, and by what number it knows it. */
interface Asker {
  readonly inbox: string;
  readonly number: string;
}

/**
 * Who asks, if somebody does who can be answered. Only an inbox can: in any other topic the asker would make the responder
 * publish what it may not publish itself.
 */
function askerOf(key: string): Asker | undefined {
  const [, inbox = '', number = ''] = ASK_KEY.exec(key) ?? [];
  if (!isInbox(inbox) || inbox.length === INBOX_PREFIX.length) return undefined;
  try {
    checkName(inbox);
  } catch {
    return undefined;
  }
  return { inbox, number };
}

function badRequest({ topic, key }: Message): LeveretError {
  const message = `a request to ${topic} was dropped: it asks for its reply by the key ${JSON.stringify(key)}, which names no inbox`;
  return new LeveretError('BAD_REQUEST', message);
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

import type { LeveretError } from '#framing';
import type { BrokerFrame, ClientFrame } from '#protocol';
import type { Connection, Request } from './connection.ts';
import { defer } from './deferred.ts';
import { throwIfAborted, type WaitOptions, waitFor } from './wait.ts';

/** What requests need of their client. */
export interface AskingHost {
  /** The connection, if there is one, for a frame that must not overtake what was published before. */
  prepared(): Connection | undefined;
  /** @throws what closed the client, if it is closed */
  refuseClosed(): void;
  /** True when the client is closed for good. */
  isClosed(): boolean;
  /** Somebody waits for an answer, or no more. */
  waitingChanged(): void;
}

/** Requests that are answered: sent at once, or when there is a connection. */
export class Asking {
  readonly #host: AskingHost;
  readonly #whenUp: ((error?: LeveretError) => void)[] = [];

  constructor(host: AskingHost) {
    this.#host = host;
  }

  /**
   * Sends a request and waits for its answer; while there is no connection, for one to come.
   *
   * @param makeFrame - makes the frame of the request with this number
   * @param again - whether it may be sent again when the connection is lost
   */
  ask(
    makeFrame: (request: number) => ClientFrame,
    options: WaitOptions,
    what: string,
    again = false,
  ): Promise<BrokerFrame> {
    const send = (connection: Connection, request: Request) =>
      connection.push(makeFrame(connection.expect(request)));
    return this.#ask(send, options, what, again);
  }

  /** Asks the broker for an answer, by PING. Resolves with the milliseconds that it took. */
  async ping(options: WaitOptions): Promise<number> {
    const start = performance.now();
    await this.#ask((connection, request) => connection.ping(request), options, 'the ping', false);
    return performance.now() - start;
  }

  /** There is a connection. */
  up(): void {
    for (const go of this.#whenUp.splice(0)) go();
  }

  /** There will be none any more. */
  fail(error: LeveretError): void {
    for (const fail of this.#whenUp.splice(0)) fail(error);
  }

  async #ask(
    send: (connection: Connection, request: Request) => void,
    options: WaitOptions,
    what: string,
    again: boolean,
  ): Promise<BrokerFrame> {
    const host = this.#host;
    host.refuseClosed();
    throwIfAborted(options.signal, what);
    const result = defer<BrokerFrame>();
    let over = false;
    const trySend = () => {
      if (over) return;
      const connection = host.prepared();
      if (connection === undefined) {
        this.#whenUp.push((error) => (error === undefined ? trySend() : result.reject(error)));
        return;
      }
      send(connection, {
        answered: result.resolve,
        failed: (error) => {
          if (again && error.code === 'DISCONNECTED' && !host.isClosed()) queueMicrotask(trySend);
          else result.reject(error);
        },
      });
      host.waitingChanged();
    };
    trySend();
    try {
      return await waitFor(result.promise, options, what);
    } finally {
      over = true;
      host.waitingChanged();
    }
  }
}

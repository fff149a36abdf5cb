import { LeveretError } from '#framing';
import { backoffDelay } from '#peers/backoff';
import { type Address, parseAddress } from './address.ts';
import type { ClientSettings } from './connect-options.ts';
import { Connection, type ConnectionHandlers, type Welcome } from './connection.ts';
import { isHopeless } from './connection-errors.ts';
import { type Deferred, defer } from './deferred.ts';
import type { Emitter, StatusChange } from './events.ts';
import type { Platform } from './platform.ts';
import { aborted } from './wait.ts';

/** What a link tells its client. */
export interface LinkHandlers extends Omit<ConnectionHandlers, 'gone'> {
  /** A connection is there, and welcomed. */
  up(connection: Connection, welcome: Welcome): void;
  /** The connection is lost; there will be another one, unless `final`. */
  down(error: LeveretError, final: boolean): void;
}

/**
 * Keeps a connection to one of several addresses: connects, notices that it is lost, waits and connects again. All about
 * the state of the client's connection is decided here, in one place.
 */
export class Link {
  state: StatusChange = { status: 'connecting' };
  readonly #platform: Platform;
  readonly #addresses: readonly Address[];
  readonly #settings: ClientSettings;
  readonly #handlers: LinkHandlers;
  readonly #emitter: Emitter;
  readonly #first: Deferred<void> = defer();
  readonly #closed: Deferred<LeveretError> = defer();
  readonly #whenGone: (() => void)[] = [];
  #connection: Connection | undefined;
  #isUp = false;
  #attempt = 0;
  #upSince = 0;
  #downSince = 0;
  #next = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #keepAlive: ReturnType<typeof setInterval> | undefined;

  /** @throws LeveretError BAD_URL */
  constructor(
    platform: Platform,
    urls: readonly string[],
    settings: ClientSettings,
    handlers: LinkHandlers,
    emitter: Emitter,
  ) {
    if (urls.length === 0) throw new LeveretError('BAD_URL', 'give the address of a broker');
    this.#platform = platform;
    this.#addresses = urls.map(parseAddress);
    this.#settings = settings;
    this.#handlers = handlers;
    this.#emitter = emitter;
  }

  /** The connection, while there is one that can be used. */
  get connection(): Connection | undefined {
    return this.#isUp ? this.#connection : undefined;
  }

  /** Resolves when the link is closed for good. */
  get closed(): Promise<LeveretError> {
    return this.#closed.promise;
  }

  /** Resolves when the connection of this moment is gone. */
  get gone(): Promise<void> {
    return new Promise((resolve) => this.#whenGone.push(resolve));
  }

  /** Connects for the first time. */
  async start(): Promise<void> {
    const { signal } = this.#settings;
    const giveUp = () => signal && this.close(aborted(signal, 'connecting'));
    if (signal?.aborted) giveUp();
    signal?.addEventListener('abort', giveUp, { once: true });
    this.#downSince = performance.now();
    if (this.state.status !== 'closed') this.#connect();
    try {
      await this.#first.promise;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /** Ends it for good. */
  close(error: LeveretError): void {
    if (this.state.status === 'closed') return;
    clearTimeout(this.#retry);
    clearInterval(this.#keepAlive);
    this.#isUp = false;
    const connection = this.#connection;
    this.#connection = undefined;
    this.#change({ status: 'closed', ...(error.code === 'CLOSED' ? {} : { error }) });
    connection?.destroy(error);
    this.#first.reject(error);
    this.#handlers.down(error, true);
    this.#closed.resolve(error);
  }

  #connect(): void {
    const address = this.#addresses[this.#next++ % this.#addresses.length] as Address;
    let connection: Connection;
    const timer = setTimeout(() => {
      const message = `no welcome from ${address.text} within ${this.#settings.connectTimeoutMs} ms`;
      connection.destroy(new LeveretError('TIMEOUT', message));
    }, this.#settings.connectTimeoutMs);
    try {
      connection = new Connection(this.#platform, address, this.#settings, {
        messages: this.#handlers.messages,
        skipped: this.#handlers.skipped,
        refused: this.#handlers.refused,
        drained: this.#handlers.drained,
        gone: (error) => {
          if (connection === this.#connection) this.#lost(error);
        },
      });
    } catch (error) {
      clearTimeout(timer);
      this.close(
        error instanceof LeveretError ? error : new LeveretError('BAD_URL', String(error), { cause: error }),
      );
      return;
    }
    this.#connection = connection;
    connection.welcome.then(
      (welcome) => {
        clearTimeout(timer);
        if (connection === this.#connection) this.#welcomed(connection, welcome);
      },
      (error: LeveretError) => {
        clearTimeout(timer);
        if (connection === this.#connection) this.#lost(error);
      },
    );
  }

  #welcomed(connection: Connection, welcome: Welcome): void {
    this.#isUp = true;
    this.#upSince = performance.now();
    this.#watch(connection);
    this.#handlers.up(connection, welcome);
    this.#change({ status: 'connected', url: connection.address.text, epoch: welcome.epoch });
    this.#first.resolve();
  }

  #lost(error: LeveretError): void {
    for (const go of this.#whenGone.splice(0)) go();
    if (error.code === 'CLOSED') {
      this.close(error);
      return;
    }
    const { reconnect, retryFirst } = this.#settings;
    const wasUp = this.#isUp;
    this.#isUp = false;
    this.#connection = undefined;
    clearInterval(this.#keepAlive);
    if (wasUp) this.#endUp(error);
    const neverUp = this.state.status === 'connecting' && !retryFirst;
    // Each address has its chance before the first connecting fails.
    const another = neverUp && this.#next < this.#addresses.length && !isHopeless(error);
    if (another) {
      this.#connect();
      return;
    }
    if (neverUp || reconnect === undefined || isHopeless(error)) {
      this.close(error);
      return;
    }
    this.#attempt++;
    const { maxAttempts, maxTimeMs } = reconnect;
    const down = performance.now() - this.#downSince;
    if (this.#attempt > maxAttempts || down >= maxTimeMs) {
      const tries = this.#attempt - 1;
      const message = `gave up after ${tries} attempts in ${Math.round(down)} ms to reach the broker again: ${error.message}`;
      this.close(new LeveretError('DISCONNECTED', message, { cause: error }));
      return;
    }
    const wait = backoffDelay(this.#attempt, reconnect);
    const delay = Math.min(wait, Math.max(0, maxTimeMs - down));
    this.#retry = setTimeout(() => this.#connect(), delay);
    if (wasUp) this.#handlers.down(error, false);
    this.#change({ status: 'reconnecting', error, attempt: this.#attempt, delay });
  }

  /** The connection was up, and is lost. */
  #endUp(error: LeveretError): void {
    const now = performance.now();
    const { reconnect } = this.#settings;
    // A broker that lets us in and then fails at what we ask would be asked without a pause: that counts as an attempt.
    const failedSoon = error.code === 'INTERNAL' && now - this.#upSince < (reconnect?.maxMs ?? 0);
    if (failedSoon) return;
    this.#attempt = 0;
    this.#downSince = now;
  }

  /** A peer that has vanished without a word is noticed by its silence. */
  #watch(connection: Connection): void {
    const { keepAliveMs } = this.#settings;
    if (keepAliveMs === 0) return;
    let asked = false;
    connection.heard = true;
    this.#keepAlive = setInterval(() => {
      // While we do not read, silence says nothing.
      if (connection.heard || connection.paused) {
        connection.heard = false;
        asked = false;
      } else if (asked) {
        const message = `${connection.address.text} has been silent for ${2 * keepAliveMs} ms`;
        connection.destroy(new LeveretError('DISCONNECTED', message));
      } else {
        asked = true;
        connection.ping({ answered: () => {}, failed: () => {} });
        connection.flush();
      }
    }, keepAliveMs);
    this.#platform.unref(this.#keepAlive);
  }

  #change(state: StatusChange): void {
    this.state = state;
    this.#platform.trace('status %o', state);
    this.#emitter.emit('status', state);
  }
}

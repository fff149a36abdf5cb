import { LeveretError } from '#framing';
import type { Connection } from './connection.ts';
import type { SubscriptionStream } from './subscription-stream.ts';

/** What the bound of all queues needs of its client. */
export interface QueuedBytesHost {
  /** The connection, while there is one. */
  connection(): Connection | undefined;
  /** Confirmations that are awaited. */
  outstanding(): number;
  /** Those that may hold something. */
  streams(): Iterable<SubscriptionStream>;
  /** End this one, because of an error. */
  abandon(stream: SubscriptionStream, error: LeveretError): void;
}

/** Bounds what waits for the iterators of a client, all together. */
export class QueuedBytes {
  readonly #max: number;
  readonly #host: QueuedBytesHost;
  #bytes = 0;

  /** @param max - bytes above which the socket is not read, as long as no answer is awaited from it */
  constructor(max: number, host: QueuedBytesHost) {
    this.#max = max;
    this.#host = host;
  }

  /** So many bytes more wait, or less. */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (bytes > 0) this.#bound();
    this.adjustReading();
  }

  /**
   * Read only while there is room for what comes. But while a request waits we must read: its answer comes behind the
   * messages that are under way.
   */
  adjustReading(): void {
    const connection = this.#host.connection();
    if (connection === undefined) return;
    const waits = connection.waiting || this.#host.outstanding() > 0;
    connection.setReading(this.#bytes < this.#max || waits);
  }

  /**
   * Where the socket must be read although what waits is too much already, the subscription that holds most of it ends: a
   * typed error for one loop, rather than memory without a bound for the program.
   */
  #bound(): void {
    if (this.#bytes <= this.#max * 2) return;
    let largest: SubscriptionStream | undefined;
    for (const stream of this.#host.streams()) {
      if (stream.waitingBytes > (largest?.waitingBytes ?? 0)) largest = stream;
    }
    if (largest === undefined) return;
    const { topic, waitingBytes } = largest;
    const message = `${waitingBytes} bytes of messages of ${topic} wait to be taken, while an answer is awaited that comes behind them: take them faster, or give a smaller prefetch or window`;
    this.#host.abandon(largest, new LeveretError('OVERFLOW', message));
  }
}

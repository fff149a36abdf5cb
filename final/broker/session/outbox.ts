import type { Connection } from '#connections';

/** Frames up to this size wait for the end of the tick, to be sent together; larger ones go out at once. */
const SMALL = 2048;

/** When this much has been collected it is sent, tick or no tick. */
const BATCH = 65_536;

/** What an {@link Outbox} needs of the broker. */
export interface OutboxHost {
  /** Calls {@link Outbox.flush} at the end of the tick. */
  flushLater(outbox: Outbox): void;
}

/**
 * What goes out on one connection, in order. Every write to a socket costs some microseconds however few its
 * bytes are, so small frames are copied together and sent as one; large ones go out as they are, uncopied.
 */
export class Outbox {
  /** True while the connection holds more than it likes; it says when that is over. */
  full = false;
  readonly #connection: Pick<Connection<unknown>, 'write' | 'queuedBytes'>;
  readonly #host: OutboxHost;
  #first: Uint8Array | undefined;
  #rest: Uint8Array[] | undefined;
  #size = 0;

  constructor(connection: Pick<Connection<unknown>, 'write' | 'queuedBytes'>, host: OutboxHost) {
    this.#connection = connection;
    this.#host = host;
  }

  /** Bytes that are not with the operating system yet. */
  get queuedBytes(): number {
    return this.#size + this.#connection.queuedBytes;
  }

  /**
   * Takes a frame, or several in one buffer. It must not change until it is out.
   *
   * @returns true when it is out already: the operating system has every byte
   */
  send(bytes: Uint8Array): boolean {
    if (bytes.length > SMALL) {
      this.flush();
      return this.#write(bytes);
    }
    if (this.#first === undefined) {
      this.#first = bytes;
      this.#host.flushLater(this);
    } else if (this.#rest === undefined) {
      this.#rest = [this.#first, bytes];
    } else {
      this.#rest.push(bytes);
    }
    this.#size += bytes.length;
    if (this.#size > BATCH) this.flush();
    return false;
  }

  /** Sends what was collected. */
  flush(): void {
    if (this.#first === undefined) return;
    const bytes = this.#rest === undefined ? this.#first : Buffer.concat(this.#rest, this.#size);
    this.#first = this.#rest = undefined;
    this.#size = 0;
    this.#write(bytes);
  }

  #write(bytes: Uint8Array): boolean {
    if (!this.#connection.write(bytes)) this.full = true;
    return this.#connection.queuedBytes === 0;
  }
}

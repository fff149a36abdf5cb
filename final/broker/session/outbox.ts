import type { Connection } from '#connections';
import type { Holding, SharedMemory } from '../memory/buffered-memory.ts';
import { UnsentSlices } from './unsent-slices.ts';

/** Frames up to this size wait for the end of the tick, to be sent together; larger ones go out at once. */
const SMALL = 2048;

/** When this much has been collected it is sent, tick or no tick. */
const BATCH = 65_536;

/** What an {@link Outbox} needs of the broker. */
export interface OutboxHost {
  /** Calls {@link Outbox.flush} at the end of the tick. */
  flushLater(outbox: Outbox): void;
}

/** What an {@link Outbox} needs of its connection. */
export type OutboxConnection = Pick<Connection<unknown>, 'write' | 'queuedBytes' | 'bytesOut'>;

/**
 * What goes out on one connection, in order. Every write to a socket costs some microseconds however few its
 * bytes are, so small frames are copied together and sent as one; large ones go out as they are, uncopied.
 */
export class Outbox {
  /** True while the connection holds more than it likes; it says when that is over. */
  full = false;
  readonly #connection: OutboxConnection;
  readonly #host: OutboxHost;
  readonly #buffered: { grew(bytes: number): void };
  #first: Uint8Array | undefined;
  #rest: Uint8Array[] | undefined;
  #size = 0;
  // Made when first needed: most clients take what they are sent.
  #slices: UnsentSlices | undefined;

  /** @param buffered - is told of memory that the socket may hold on to */
  constructor(connection: OutboxConnection, host: OutboxHost, buffered: { grew(bytes: number): void }) {
    this.#connection = connection;
    this.#host = host;
    this.#buffered = buffered;
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

  /** What waits here and in the socket. */
  measure(shared: SharedMemory): Holding {
    const { bytesOut, queuedBytes } = this.#connection;
    if (queuedBytes === 0) this.#slices = undefined;
    const { bytes, lent } = this.#slices?.measure(bytesOut - queuedBytes, shared) ?? { bytes: 0, lent: 0 };
    return { own: this.#size + queuedBytes - bytes, lent };
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
    const connection = this.#connection;
    if (!connection.write(bytes)) this.full = true;
    const queued = connection.queuedBytes;
    if (queued === 0) return true;
    const isSlice = UnsentSlices.isSlice(bytes);
    if (isSlice) {
      this.#slices ??= new UnsentSlices();
      this.#slices.add(bytes, connection.bytesOut, connection.bytesOut - queued);
    }
    this.#buffered.grew(isSlice ? bytes.buffer.byteLength : bytes.length);
    return false;
  }
}

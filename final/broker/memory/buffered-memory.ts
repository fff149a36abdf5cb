import { ProtocolError } from '#protocol';
import type { Faults } from '../faults.ts';
import type { Logger } from '../logger.ts';
import { RepeatedWarning } from '../repeated-warning.ts';

/** It is looked at again when so much may have been added, as a share of the bound; and no more often than for so many bytes. */
const LOOK_SHARE = 1 / 8;
const MIN_LOOK_BYTES = 1_048_576;
/** What was too much is brought down to this share of the bound. */
const LEFT_SHARE = 0.9;

/** Memory that several clients may hold together, by a number of its own: how many bytes it is. */
export type SharedMemory = Map<number, number>;

/** What is buffered for one client. */
export interface Holding {
  /** Bytes that nobody else holds. */
  readonly own: number;
  /** Bytes of memory that others may hold as well. */
  readonly lent: number;
}

/** A client for whom something may be buffered. */
export interface BufferingClient {
  /** Whether it was told to go, and only what is buffered for it goes out. */
  readonly isClosing: boolean;
  /** What is buffered for it. Tells of all memory that others may hold as well. */
  measure(shared: SharedMemory): Holding;
  /** Ends the connection. */
  fail(thrown: unknown): void;
  /** Ends the connection at once: what is buffered is lost. */
  cutOff(): void;
}

/** What is buffered for all clients. */
export interface BufferReport {
  /** Bytes of memory that hold what clients have not taken, and what they have sent while they must wait; when it was last looked at. */
  readonly bufferedBytes: number;
  /** The most that they may take. */
  readonly maxTotalBufferedBytes: number;
  /** Clients that were ended because they held most of it. */
  readonly endedClients: number;
}

/** Options of {@link BufferedMemory}. */
export interface BufferedMemoryOptions {
  readonly maxTotalBufferedBytes: number;
  readonly logger: Pick<Logger, 'warn'>;
  readonly faults: Pick<Faults, 'guard'>;
  /** All clients there are. */
  readonly clients: () => Iterable<BufferingClient>;
}

/**
 * The memory that is buffered for all clients together: answers and messages that a socket has not taken, with the whole segment
 * of which a few bytes wait in it; and frames that have come while their client must wait. Each client's share has a bound,
 * and there may be very many clients: where it is too much in all, those that hold most are ended.
 */
export class BufferedMemory {
  readonly #options: BufferedMemoryOptions;
  readonly #warning: RepeatedWarning;
  readonly #lookBytes: number;
  #bytes = 0;
  #grown = 0;
  #endedClients = 0;
  #looking = false;

  constructor(options: BufferedMemoryOptions) {
    this.#options = options;
    this.#lookBytes = Math.max(MIN_LOOK_BYTES, options.maxTotalBufferedBytes * LOOK_SHARE);
    this.#warning = new RepeatedWarning(
      options.logger,
      'too much is buffered for clients that do not read: those that hold most are disconnected; see maxTotalBufferedBytes',
    );
  }

  /** So many bytes of memory may be held now that were not before. */
  grew(bytes: number): void {
    this.#grown += bytes;
    if (this.#grown < this.#lookBytes || this.#looking) return;
    this.#looking = true;
    setImmediate(() => {
      this.#looking = false;
      this.#options.faults.guard('the look at what is buffered', () => this.look());
    });
  }

  /** Adds up what is buffered, and ends those that hold most where it is too much. Walks over all clients. */
  look(): void {
    this.#grown = 0;
    const shared: SharedMemory = new Map();
    const holders: { readonly client: BufferingClient; readonly size: number }[] = [];
    let bytes = 0;
    for (const client of this.#options.clients()) {
      const { own, lent } = client.measure(shared);
      bytes += own;
      if (own + lent > 0) holders.push({ client, size: own + lent });
    }
    for (const size of shared.values()) bytes += size;
    this.#bytes = bytes;
    if (bytes > this.#options.maxTotalBufferedBytes) this.#end(holders, bytes);
  }

  /** For people and monitors. */
  report(): BufferReport {
    const { maxTotalBufferedBytes } = this.#options;
    return { bufferedBytes: this.#bytes, maxTotalBufferedBytes, endedClients: this.#endedClients };
  }

  #end(holders: { readonly client: BufferingClient; readonly size: number }[], bytes: number): void {
    const { maxTotalBufferedBytes: max } = this.#options;
    const endedBefore = this.#endedClients;
    // Those that have been told already go first: they have had their time to take it.
    const order = ({ client }: { readonly client: BufferingClient }): number => (client.isClosing ? 0 : 1);
    let left = bytes;
    for (const { client, size } of holders.sort((a, b) => order(a) - order(b) || b.size - a.size)) {
      if (left <= max * LEFT_SHARE) break;
      left -= size;
      if (client.isClosing) {
        client.cutOff();
        continue;
      }
      this.#endedClients++;
      const message = `this broker buffers ${max} bytes for its clients, its limit, and most of them for you; read faster`;
      client.fail(new ProtocolError('SLOW', message));
    }
    if (this.#endedClients > endedBefore) this.#warning.tell({ ...this.report(), bufferedBytes: bytes });
  }
}

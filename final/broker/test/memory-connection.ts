/** Connections without a network: thousands of conversations in a second, and the test says what comes in one turn. */
import { Duplex } from 'node:stream';
import { FrameReader } from '#framing';
import { type BrokerFrame, brokerCodec, type ClientFrame, clientCodec } from '#protocol';

/** The broker's end of a connection that has no other: the test gives it bytes, and reads what the broker says. */
export class MemoryConnection extends Duplex {
  readonly #frames: BrokerFrame[] = [];
  readonly #reader = new FrameReader(
    (type, bytes, start, end) =>
      void this.#frames.push(brokerCodec.decode(type, Buffer.from(bytes.subarray(start, end)))),
    { limit: 0xffff_ffff },
  );

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#reader.push(chunk);
    done();
  }

  /** The broker has ended its side: a client that is well made ends the other. */
  override _final(done: () => void): void {
    this.end();
    if (!this.readableEnded) this.push(null);
    done();
  }

  /** The client sends bytes. They are copied, as a socket's are. */
  give(bytes: Uint8Array): void {
    if (this.writable && !this.destroyed) this.push(Buffer.from(bytes));
  }

  /** The client sends frames, in one chunk. */
  say(...frames: ClientFrame[]): void {
    this.give(Buffer.concat(frames.map((frame) => clientCodec.encode(frame))));
  }

  /** What the broker has said since the last call. */
  heard(): BrokerFrame[] {
    return this.#frames.splice(0);
  }

  /** How many frames wait for {@link MemoryConnection.heard}. */
  get waiting(): number {
    return this.#frames.length;
  }
}

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Turns, until for some of them the broker has had nothing to say. */
export async function settle(connections: readonly MemoryConnection[], quietTurns = 4): Promise<void> {
  const said = (): number => connections.reduce((sum, { waiting }) => sum + waiting, 0);
  let before = -1;
  for (let quiet = 0; quiet < quietTurns; quiet++) {
    if (said() !== before) quiet = 0;
    before = said();
    await turn();
  }
}

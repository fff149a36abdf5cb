import type { Connection } from './connection.ts';
import { type Cutting, createPieceReader, type PieceReader } from './piece-reader.ts';
import type { Received } from './pipeline-events.ts';
import { Line, type WorkQueue } from './work-queue.ts';

/** A connection as the pipeline sees it: its line of waiting pieces, and what decides whether it is read. */
export class Intake extends Line<Received> {
  readonly id: string;
  readonly connection: Connection<Intake>;
  readonly reader: PieceReader;
  /** Its socket is not read, because too much waits in its line or to be sent to it. */
  paused = false;
  /** Its peer does not take what we send as fast as we send it. */
  blocked = false;
  /** Its peer has sent all; we end our side when all is worked off. */
  ended = false;
  /** How many pieces have come. */
  pieces = 0;
  #seenPieces = 0;
  #begunAt: number | undefined;

  constructor(connection: Connection<Intake>, cutting: Cutting, queue: WorkQueue<Received, Intake>) {
    super();
    this.id = connection.id;
    this.connection = connection;
    this.reader = createPieceReader(cutting, (bytes, type) => {
      this.pieces += 1;
      queue.push(this, { id: this.id, bytes, type });
    });
  }

  /** For how long, in milliseconds, one and the same piece has been incomplete while we were reading. */
  standstill(now: number, reading: boolean): number {
    const sameAsBefore = reading && this.pieces === this.#seenPieces && this.reader.midPiece;
    this.#seenPieces = this.pieces;
    if (!sameAsBefore) this.#begunAt = undefined;
    else this.#begunAt ??= now;
    return now - (this.#begunAt ?? now);
  }
}

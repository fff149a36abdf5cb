import { Cursor, type SegmentLog } from '#log';

/** Messages that were handed over stay as long as twice this share of a lag says: their first member had its time too. */
const HANDED_SHARE = 0.5;

/**
 * Where the oldest message lies that a group may have to send again, so that a log that retains nothing keeps it. How much was
 * published since is a lag as that of any reader.
 */
export class GroupFloor {
  readonly #log: SegmentLog;
  // What was sealed when the group began: what lay there before is no sign of a slow member.
  readonly #begun: number;
  readonly #begunId: number;
  #cursor: Cursor | undefined;

  constructor(log: SegmentLog) {
    this.#log = log;
    this.#begun = log.end;
    this.#begunId = log.sealedId;
  }

  /** The id that it holds; undefined while nothing is out. */
  get nextId(): number | undefined {
    return this.#cursor?.nextId;
  }

  /** Bytes that were published since the oldest message was sent to the member that has it now. */
  get waitedBytes(): number {
    return this.#cursor?.lagBytes ?? 0;
  }

  /** Messages that were. */
  get waitedMessages(): number {
    return this.#cursor?.lagMessages ?? 0;
  }

  /** Half of the bytes that were published since it was first sent, to whichever member. */
  get handedBytes(): number {
    if (this.#cursor === undefined) return 0;
    return (this.#log.end - Math.max(this.#cursor.segment.base, this.#begun)) * HANDED_SHARE;
  }

  /** Half of the messages that were. */
  get handedMessages(): number {
    if (this.#cursor === undefined) return 0;
    return (this.#log.sealedId - Math.max(this.#cursor.nextId - 1, this.#begunId)) * HANDED_SHARE;
  }

  /** A message goes out: it is held, unless an older one is. */
  hold(id: number): void {
    this.#cursor ??= new Cursor(this.#log, id);
  }

  /** The oldest message goes to another member: what is published counts from now on. */
  handOver(): void {
    const id = this.nextId;
    if (id === undefined) return;
    this.leave();
    this.hold(Math.max(id, this.#log.firstId));
  }

  /** Nothing before this id is out any more; undefined when nothing is. */
  moveTo(id: number | undefined): void {
    if (id === undefined) this.leave();
    else if (this.#cursor !== undefined && id > this.#cursor.nextId) this.#cursor.moveTo(id);
  }

  /** Holds nothing. */
  leave(): void {
    this.#cursor?.leave();
    this.#cursor = undefined;
  }
}

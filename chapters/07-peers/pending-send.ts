import type { PeerError } from './errors.ts';
import { DATAGRAM_OVERHEAD } from './wire.ts';

/** What waits for one address: kept here so that a bound can be put on it. */
export interface SendAccount {
  datagrams: number;
  bytes: number;
}

/** Nobody can reach these bytes: a settled send gives its datagram's memory back at once. */
const NOTHING = new Uint8Array(0);

/**
 * One call of `send` that is not decided yet.
 *
 * Its life: `waiting` in a {@link SendQueue} (it can be taken out, and nothing has been sent), then `written`
 * (the operating system has been given it, in part or whole), then `settled`. It is settled once; what
 * comes later is ignored.
 */
export class PendingSend {
  readonly address: string;
  readonly promise: Promise<void>;
  /** The moment at which it has taken too long, on the peer's clock. */
  readonly deadline: number;
  /** What it takes on the wire, in bytes; more than 0 even for an empty datagram. */
  readonly cost: number;
  bytes: Uint8Array;
  stage: 'waiting' | 'written' | 'settled' = 'waiting';

  // Links of the queue that it is in; see SendQueue.
  queue: SendQueue | undefined = undefined;
  next: PendingSend | undefined = undefined;
  previous: PendingSend | undefined = undefined;

  readonly #account: SendAccount;
  #resolve!: () => void;
  #reject!: (error: PeerError) => void;
  #settled: (() => void) | undefined = undefined;

  constructor(address: string, bytes: Uint8Array, deadline: number, account: SendAccount) {
    this.address = address;
    this.bytes = bytes;
    this.deadline = deadline;
    this.promise = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#account = account;
    this.cost = bytes.length + DATAGRAM_OVERHEAD;
    account.datagrams++;
    account.bytes += this.cost;
  }

  /** Calls back once, when the send is settled in whatever way. */
  onSettled(callback: () => void): void {
    this.#settled = callback;
  }

  /** The operating system has taken the whole datagram. */
  fulfil(): void {
    if (this.#settle()) this.#resolve();
  }

  /** It will not be sent, or nobody can tell whether it was. */
  fail(error: PeerError): void {
    if (this.#settle()) this.#reject(error);
  }

  #settle(): boolean {
    if (this.stage === 'settled') return false;
    this.stage = 'settled';
    this.queue?.remove(this);
    this.bytes = NOTHING;
    this.#account.datagrams--;
    this.#account.bytes -= this.cost;
    this.#settled?.();
    return true;
  }
}

/**
 * Sends in the order in which they were made. A doubly linked list through the sends themselves, because a
 * cancelled one is taken out of the middle, and a queue of 100,000 should not be walked for that.
 *
 * Invariant: `bytes` is the sum of the costs in the list, and each member's `queue` is this queue.
 */
export class SendQueue {
  #first: PendingSend | undefined = undefined;
  #last: PendingSend | undefined = undefined;
  #earliest = Number.POSITIVE_INFINITY;
  bytes = 0;

  /** The one that has waited longest. */
  get first(): PendingSend | undefined {
    return this.#first;
  }

  push(send: PendingSend): void {
    send.queue = this;
    send.previous = this.#last;
    if (this.#last === undefined) this.#first = send;
    else this.#last.next = send;
    this.#last = send;
    this.bytes += send.cost;
    if (send.deadline < this.#earliest) this.#earliest = send.deadline;
  }

  remove(send: PendingSend): void {
    if (send.previous === undefined) this.#first = send.next;
    else send.previous.next = send.next;
    if (send.next === undefined) this.#last = send.previous;
    else send.next.previous = send.previous;
    send.queue = send.next = send.previous = undefined;
    this.bytes -= send.cost;
    if (this.#first === undefined) this.#earliest = Number.POSITIVE_INFINITY;
  }

  /** Takes the first one out. */
  shift(): PendingSend | undefined {
    const first = this.#first;
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** Fails all those whose deadline has passed. Costs nothing while none can have. */
  expire(now: number, explain: (send: PendingSend) => PeerError): void {
    if (now < this.#earliest) return;
    let earliest = Number.POSITIVE_INFINITY;
    for (let send = this.#first; send !== undefined; ) {
      const next = send.next;
      if (send.deadline <= now) send.fail(explain(send));
      else if (send.deadline < earliest) earliest = send.deadline;
      send = next;
    }
    this.#earliest = earliest;
  }

  /** Fails everything in the queue. */
  fail(error: PeerError): void {
    for (let send = this.shift(); send !== undefined; send = this.shift()) send.fail(error);
  }
}

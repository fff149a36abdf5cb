import { brokerCodec, ProtocolError } from '#protocol';
import type { ReaderHost, Subscription } from './subscription.ts';

/** Ids from `from` to `to`, both included. */
export interface IdRange {
  from: number;
  to: number;
}

/** What a member needs of its group. */
export interface GroupMemberHost {
  /** Messages that no member was sent yet, or that must be sent again. */
  readonly unread: number;
  /** The member takes messages from now on. */
  started(): void;
  /** The member has committed: it has room, and the log may let go of what nobody needs again. `from` is the lowest id. */
  committed(from: number): void;
  /** Sends what was published up to now. */
  deliverRest(): void;
  /** The member ends. */
  remove(member: GroupMember): void;
}

/** A run of messages that goes to one member at most: small enough to share work well, large enough to be cheap. */
export const RUN = 64;

/** One client in a group. */
export class GroupMember implements Subscription {
  readonly client: ReaderHost;
  readonly window: number;
  /** What it was delivered and has not committed, in order of delivery. Kept only where there is a window. */
  readonly outstanding: IdRange[] = [];
  /** How many messages that is. */
  used = 0;
  readonly #group: GroupMemberHost;
  #newest = 0;
  #started = false;

  constructor(group: GroupMemberHost, client: ReaderHost, window: number) {
    this.#group = group;
    this.client = client;
    this.window = window;
  }

  get lag(): number {
    return this.#group.unread + this.used;
  }

  /** How many messages it may be sent now. */
  get room(): number {
    if (!this.#started || this.client.full) return 0;
    return this.window === 0 ? RUN : this.window - this.used;
  }

  start(): void {
    this.#started = true;
    this.#group.started();
  }

  /** It is sent these messages. */
  delivered(from: number, to: number): void {
    this.#newest = Math.max(this.#newest, to);
    if (this.window === 0) return;
    const last = this.outstanding.at(-1);
    if (last?.to === from - 1) last.to = to;
    else this.outstanding.push({ from, to });
    this.used += to - from + 1;
  }

  /** What it has not committed up to and including this id is not asked of it any more. It is told so. */
  giveUp(upTo: number, topic: string): void {
    const left: IdRange[] = [];
    for (const { from, to } of this.outstanding) {
      if (to > upTo) left.push({ from: Math.max(from, upTo + 1), to });
      if (from > upTo) continue;
      const toId = Math.min(to, upTo);
      this.used -= toId - from + 1;
      this.client.send(brokerCodec.encode({ type: 'SKIPPED', topic, fromId: from, toId }));
    }
    this.outstanding.length = 0;
    for (const range of left) this.outstanding.push(range);
  }

  /**
   * It has dealt with everything that it was delivered up to and including this id, in order of delivery (a message
   * taken over from another member comes later than its id says).
   */
  commit(id: number): void {
    if (id > this.#newest) {
      throw new ProtocolError('BAD_COMMIT', `id ${id} was not delivered to this member yet`);
    }
    const at = this.outstanding.findIndex(({ from, to }) => from <= id && id <= to);
    if (at === -1) return;
    const range = this.outstanding[at] as IdRange;
    let lowest = range.from;
    for (const { from, to } of this.outstanding.splice(0, at)) {
      this.used -= to - from + 1;
      if (from < lowest) lowest = from;
    }
    this.used -= id - range.from + 1;
    range.from = id + 1;
    if (range.from > range.to) this.outstanding.shift();
    this.#group.committed(lowest);
  }

  deliverRest(): void {
    this.#group.deliverRest();
  }

  leave(): void {
    this.#group.remove(this);
  }
}

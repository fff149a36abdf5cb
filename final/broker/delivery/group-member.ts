import { ProtocolError } from '#protocol';
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
  /** The member has committed: it has room, and the log may let go of what nobody needs again. */
  committed(): void;
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
    this.outstanding.push({ from, to });
    this.used += to - from + 1;
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
    for (const { from, to } of this.outstanding.splice(0, at)) this.used -= to - from + 1;
    this.used -= id - range.from + 1;
    range.from = id + 1;
    if (range.from > range.to) this.outstanding.shift();
    this.#group.committed();
  }

  deliverRest(): void {
    this.#group.deliverRest();
  }

  leave(): void {
    this.#group.remove(this);
  }
}

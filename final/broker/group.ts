import {
  Cursor,
  cutFrame,
  frameCount,
  frameEnd,
  frameFirstId,
  messagesHeaderSize,
  type Session,
  skipRecords,
  type Topic,
  type TopicReader,
} from '#log';
import { BrokerType, encodeBrokerFrame, ProtocolError } from '#protocol/old';

/** Ids from `from` to `to`, both included. */
interface Range {
  from: number;
  to: number;
}

/** A run that goes to one member at most: small enough to share work well, large enough to be cheap. */
const RUN = 64;

/** One client in a group. */
export class Member {
  readonly session: Session;
  readonly group: Group;
  readonly window: number;
  /** What it was delivered and has not committed, in order of delivery. Kept only where there is a window. */
  readonly outstanding: Range[] = [];
  /** How many messages that is. */
  used = 0;
  /** The largest id that it was ever delivered. */
  newest = 0;

  constructor(group: Group, session: Session, window: number) {
    this.group = group;
    this.session = session;
    this.window = window;
  }

  /** How many messages it may be sent now. */
  get room(): number {
    if (this.session.full || this.session.state === 'closing') return 0;
    return this.window === 0 ? RUN : this.window - this.used;
  }

  /**
   * It has dealt with everything that it was delivered up to and including this id, in order of delivery (a message
   * taken over from another member comes later than its id says).
   *
   * @throws ProtocolError BAD_COMMIT for an id that it was not delivered
   */
  commit(id: number): void {
    if (id > this.newest)
      throw new ProtocolError('BAD_COMMIT', `id ${id} was not delivered to this member yet`);
    const at = this.outstanding.findIndex(({ from, to }) => from <= id && id <= to);
    if (at === -1) return;
    const range = this.outstanding[at] as Range;
    for (const { from, to } of this.outstanding.splice(0, at)) this.used -= to - from + 1;
    this.used -= id - range.from + 1;
    range.from = id + 1;
    if (range.from > range.to) this.outstanding.shift();
    this.group.committed();
  }
}

/**
 * Members that share one cursor: each message goes to one of them. What a member has not committed when it goes is
 * given to the others.
 *
 * Invariant: every id before the cursor is committed, or stands in `outstanding` of one member, or in `#again`; the
 * floor cursor stands at or before the lowest of the latter two, so that the log keeps what may be sent again.
 */
export class Group implements TopicReader {
  readonly topic: Topic;
  readonly name: string;
  readonly cursor: Cursor;
  readonly members: Member[] = [];
  blocking = false;

  // Stands at or before the oldest message that may have to be sent again; undefined while there is none.
  #floor: Cursor | undefined;
  readonly #joinedAt: number;
  readonly #again: Range[] = [];
  #turn = 0;

  constructor(topic: Topic, name: string, nextId: number) {
    this.topic = topic;
    this.name = name;
    this.cursor = new Cursor(topic.log, nextId);
    this.#joinedAt = topic.log.end;
  }

  /** The members' sessions: under the policy `block`, one that publishes here would wait for itself. */
  get clients(): Session[] {
    return this.members.map(({ session }) => session);
  }

  /** Messages that no member was sent yet, or that must be sent again. */
  get waiting(): number {
    let waiting = this.topic.log.lastId - this.cursor.nextId + 1;
    for (const { from, to } of this.#again) waiting += to - from + 1;
    return waiting;
  }

  /** Adds a client. */
  add(session: Session, window: number): Member {
    const member = new Member(this, session, window);
    this.members.push(member);
    return member;
  }

  /** Takes a client out; the others get what it has not committed. */
  remove(member: Member): void {
    const at = this.members.indexOf(member);
    if (at === -1) return;
    this.members.splice(at, 1);
    this.#again.push(...member.outstanding.splice(0));
    this.#again.sort((a, b) => a.from - b.from);
    if (this.members.length > 0) this.pump();
  }

  /** Sends what there is to the members that have room, in turns. */
  pump(): void {
    const { log } = this.topic;
    if (this.cursor.nextId < log.firstId) this.skipTo(log.firstId);
    // Share what is there among all, rather than giving the first one everything.
    const share = Math.ceil(this.cursor.lag / Math.max(1, this.members.length));
    for (;;) {
      const member = this.#nextMember();
      if (member === undefined) break;
      if (!this.#sendAgain(member) && !this.#sendNext(member, share)) return;
    }
    for (const { session } of this.members) if (session.full) session.waitFor(this);
  }

  /** A member has committed: it has room, and the log may let go of what nobody needs again. */
  committed(): void {
    this.#moveFloor();
    this.pump();
  }

  skipTo(nextId: number): void {
    const { cursor, topic } = this;
    if (nextId <= cursor.nextId) return;
    const skipped = { topic: topic.name, fromId: cursor.nextId, toId: nextId - 1 };
    cursor.moveTo(nextId);
    this.#moveFloor();
    const frame = encodeBrokerFrame({ type: BrokerType.SKIPPED, ...skipped });
    for (const { session } of this.members) session.send(frame);
  }

  lagsBeyond(bytes: number, messages: number): boolean {
    const { log } = this.topic;
    if (this.cursor.nextId > log.sealedId) return false;
    const newBytes = Math.min(this.cursor.lagBytes, log.end - this.#joinedAt);
    return newBytes > bytes || this.cursor.lag > messages;
  }

  /** All members are behind: none of them had room, or this would not be called. */
  tooSlow(): void {
    for (const { session } of [...this.members]) session.tooSlow(this);
  }

  leave(): void {
    this.cursor.leave();
    this.#floor?.leave();
  }

  #nextMember(): Member | undefined {
    const { members } = this;
    for (let i = 0; i < members.length; i++) {
      this.#turn = (this.#turn + 1) % members.length;
      const member = members[this.#turn] as Member;
      if (member.room > 0) return member;
    }
    return undefined;
  }

  /** Sends messages of a member that is gone. False when there are none. */
  #sendAgain(member: Member): boolean {
    const { log } = this.topic;
    for (let range = this.#again[0]; range !== undefined; range = this.#again[0]) {
      if (range.from < log.firstId) range.from = log.firstId;
      if (range.from > range.to) {
        this.#again.shift();
        continue;
      }
      const from = new Cursor(log, range.from);
      const sent = this.#send(member, from, Math.min(member.room, RUN, range.to - range.from + 1));
      from.leave();
      range.from += sent;
      return true;
    }
    return false;
  }

  /** Sends the next messages. False when there are none. */
  #sendNext(member: Member, share: number): boolean {
    if (this.cursor.readable() === undefined) return false;
    this.#send(member, this.cursor, Math.min(member.room, RUN, Math.max(1, share)));
    return true;
  }

  /** Sends at most so many records of one frame, and moves the cursor past them. */
  #send(member: Member, cursor: Cursor, most: number): number {
    const segment = cursor.readable();
    if (segment === undefined) return 0;
    const { bytes } = segment;
    const name = this.topic.nameBytes;
    const at = cursor.position;
    const left = frameFirstId(bytes, at, name.length) + frameCount(bytes, at, name.length) - cursor.nextId;
    const count = Math.min(most, left);
    const start = cursor.recordAt === 0 ? at + messagesHeaderSize(name.length) : cursor.recordAt;
    const end = count === left ? frameEnd(bytes, at) : skipRecords(bytes, start, count);
    const firstId = cursor.nextId;
    if (member.window > 0) this.#floor ??= new Cursor(this.topic.log, firstId);
    cursor.nextId += count;
    cursor.recordAt = count === left ? 0 : end;
    if (count === left) cursor.position = end;
    member.newest = Math.max(member.newest, firstId + count - 1);
    if (member.window > 0) {
      member.outstanding.push({ from: firstId, to: firstId + count - 1 });
      member.used += count;
    }
    member.session.send(cutFrame(bytes, name, firstId, count, start, end));
    return count;
  }

  #moveFloor(): void {
    const floor = this.#floor;
    if (floor === undefined) return;
    let lowest = this.cursor.nextId;
    for (const { outstanding } of this.members) {
      for (const { from } of outstanding) if (from < lowest) lowest = from;
    }
    for (const { from } of this.#again) if (from < lowest) lowest = from;
    if (lowest === this.cursor.nextId) {
      floor.leave();
      this.#floor = undefined;
    } else if (lowest > floor.nextId) {
      floor.moveTo(Math.max(lowest, this.topic.log.firstId));
    }
  }
}

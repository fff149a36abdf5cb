import { Cursor } from '#log';
import { brokerCodec } from '#protocol';
import type { Topic } from '../topics/topic.ts';
import type { ReaderReport, TopicReader } from '../topics/topic-reader.ts';
import { GroupMember, type GroupMemberHost, type IdRange, RUN } from './group-member.ts';
import type { ReaderHost, Resumable } from './subscription.ts';

/**
 * Members that share one cursor: each message goes to one of them. What a member has not committed when it goes is
 * given to the others.
 *
 * Invariant: every id before the cursor is committed, or stands in `outstanding` of one member, or in #again; the
 * floor cursor stands at or before the lowest of the latter two, so that the log keeps what may be sent again.
 */
export class Group implements TopicReader, GroupMemberHost, Resumable {
  readonly topic: Topic;
  readonly name: string;
  readonly cursor: Cursor;
  blocking = false;

  readonly #members: GroupMember[] = [];
  readonly #onEmpty: () => void;
  // Stands at or before the oldest message that may have to be sent again; undefined while there is none.
  #floor: Cursor | undefined;
  readonly #again: IdRange[] = [];
  #next = 0;

  /** @param onEmpty - called when its last member has left */
  constructor(topic: Topic, name: string, nextId: number, onEmpty: () => void) {
    this.topic = topic;
    this.name = name;
    this.cursor = new Cursor(topic.log, nextId);
    this.#onEmpty = onEmpty;
  }

  get clients(): ReaderHost[] {
    return this.#members.map(({ client }) => client);
  }

  get unread(): number {
    let unread = this.topic.log.lastId - this.cursor.nextId + 1;
    for (const { from, to } of this.#again) unread += to - from + 1;
    return unread;
  }

  /** Adds a client. It is sent nothing before it is started. */
  add(client: ReaderHost, window: number): GroupMember {
    const member = new GroupMember(this, client, window);
    this.#members.push(member);
    return member;
  }

  remove(member: GroupMember): void {
    const at = this.#members.indexOf(member);
    if (at === -1) return;
    this.#members.splice(at, 1);
    member.client.forget(this);
    this.#again.push(...member.outstanding.splice(0));
    this.#again.sort((a, b) => a.from - b.from);
    if (this.#members.length > 0) this.pump();
    else this.#onEmpty();
  }

  started(): void {
    this.pump();
  }

  committed(): void {
    this.#moveFloor();
    this.topic.resume(this);
  }

  resume(): void {
    this.topic.resume(this);
  }

  deliverRest(): void {
    this.topic.log.seal();
    this.pump();
  }

  /** Sends what there is to the members that have room, in turns. */
  pump(): void {
    const { log } = this.topic;
    if (this.cursor.nextId < log.firstId) this.#skipTo(log.firstId);
    // Share what is there among all, rather than giving the first one everything.
    const share = Math.ceil((log.sealedId - this.cursor.nextId + 1) / Math.max(1, this.#members.length));
    for (;;) {
      const member = this.#nextMember();
      if (member === undefined) break;
      if (!this.#sendAgain(member) && !this.#sendNext(member, share)) return;
    }
    for (const { client } of this.#members) if (client.full) client.resumeLater(this);
  }

  skipUnread(): void {
    this.#skipTo(this.topic.log.sealedId + 1);
  }

  get lagBytes(): number {
    return this.cursor.lagBytes;
  }

  get lagMessages(): number {
    return this.cursor.lagMessages;
  }

  /** All members are behind: none of them had room, or this would not be called. */
  tooSlow(): void {
    for (const client of this.clients) client.tooSlow(this.unread);
  }

  fail(fault: unknown): void {
    for (const client of this.clients) client.fail(fault);
  }

  removed(): void {
    this.cursor.leave();
    this.#floor?.leave();
  }

  report(): ReaderReport {
    let uncommitted = 0;
    let window = 0;
    for (const member of this.#members) {
      uncommitted += member.used;
      window += member.window;
    }
    const members = this.#members.length;
    return { kind: 'group', name: this.name, connection: 0, members, uncommitted, window };
  }

  #nextMember(): GroupMember | undefined {
    const members = this.#members;
    for (let i = 0; i < members.length; i++) {
      this.#next = (this.#next + 1) % members.length;
      const member = members[this.#next] as GroupMember;
      if (member.room > 0) return member;
    }
    return undefined;
  }

  /** Sends messages of a member that is gone. False when there are none. */
  #sendAgain(member: GroupMember): boolean {
    const { log } = this.topic;
    for (let range = this.#again[0]; range !== undefined; range = this.#again[0]) {
      if (range.from < log.firstId) range.from = log.firstId;
      if (range.from > range.to) {
        this.#again.shift();
        continue;
      }
      const cursor = new Cursor(log, range.from);
      this.#send(member, cursor, Math.min(member.room, RUN, range.to - range.from + 1));
      range.from = cursor.nextId;
      cursor.leave();
      return true;
    }
    return false;
  }

  /** Sends the next messages. False when there are none. */
  #sendNext(member: GroupMember, share: number): boolean {
    return this.#send(member, this.cursor, Math.min(member.room, RUN, Math.max(1, share)));
  }

  /** Sends at most so many records, and moves the cursor past them. False when there are none. */
  #send(member: GroupMember, cursor: Cursor, most: number): boolean {
    const { nextId } = cursor;
    if (member.window > 0 && nextId <= this.topic.log.sealedId) {
      this.#floor ??= new Cursor(this.topic.log, nextId);
    }
    const frames = cursor.read(most);
    if (frames === undefined) return false;
    member.delivered(nextId, cursor.nextId - 1);
    if (!member.client.send(frames)) cursor.segment.lent = true;
    return true;
  }

  #skipTo(nextId: number): void {
    const { cursor, topic } = this;
    if (nextId <= cursor.nextId) return;
    const skipped = { topic: topic.name, fromId: cursor.nextId, toId: nextId - 1 };
    cursor.moveTo(nextId);
    this.#moveFloor();
    const frame = brokerCodec.encode({ type: 'SKIPPED', ...skipped });
    for (const { client } of this.#members) client.send(frame);
  }

  #moveFloor(): void {
    const floor = this.#floor;
    if (floor === undefined) return;
    let lowest = this.cursor.nextId;
    for (const { outstanding } of this.#members) {
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

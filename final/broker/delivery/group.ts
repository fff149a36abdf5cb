import { Cursor } from '#log';
import { brokerCodec } from '#protocol';
import type { Topic } from '../topics/topic.ts';
import type { ReaderReport, TopicReader } from '../topics/topic-reader.ts';
import { GroupFloor } from './group-floor.ts';
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
  watched = false;
  crowded = false;

  readonly #members: GroupMember[] = [];
  readonly #onEmpty: () => void;
  // Stands at or before the oldest message that may have to be sent again.
  readonly #floor: GroupFloor;
  readonly #again: IdRange[] = [];
  #next = 0;

  /** @param onEmpty - called when its last member has left */
  constructor(topic: Topic, name: string, nextId: number, onEmpty: () => void) {
    this.topic = topic;
    this.name = name;
    this.cursor = new Cursor(topic.log, nextId);
    this.#floor = new GroupFloor(topic.log);
    this.#onEmpty = onEmpty;
  }

  get clients(): ReaderHost[] {
    return this.#members.map(({ client }) => client);
  }

  get waitsFor(): ReaderHost[] {
    const holder = this.#floorLags ? this.#oldestHolder() : undefined;
    return holder === undefined ? this.clients : [holder.client];
  }

  get neededFrom(): number {
    return this.#floor.nextId ?? this.cursor.nextId;
  }

  /** What a member has not committed holds the log as much as what no member has been sent. */
  get lagBytes(): number {
    return Math.max(this.cursor.lagBytes, this.#floor.waitedBytes, this.#floor.handedBytes);
  }

  get lagMessages(): number {
    return Math.max(this.cursor.lagMessages, this.#floor.waitedMessages, this.#floor.handedMessages);
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
    const hadOldest = member.outstanding.some(({ from }) => from === this.#floor.nextId);
    for (const range of member.outstanding.splice(0)) this.#again.push(range);
    this.#again.sort((a, b) => a.from - b.from);
    if (hadOldest) this.#floor.handOver();
    if (this.#members.length > 0) this.pump();
    else this.#onEmpty();
  }

  started(): void {
    this.pump();
  }

  committed(from: number): void {
    if (from <= this.neededFrom) this.#moveFloor();
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
    if (this.neededFrom < log.firstId) this.#goPast(log.firstId - 1);
    // Share what is there among all, rather than giving the first one everything.
    const share = Math.ceil((log.sealedId - this.cursor.nextId + 1) / Math.max(1, this.#members.length));
    for (;;) {
      const member = this.#nextMember();
      if (member === undefined) break;
      if (!this.#sendAgain(member) && !this.#sendNext(member, share)) return;
    }
    for (const { client } of this.#members) if (client.full) client.resumeLater(this);
  }

  /** The older half of what is not committed goes; or, when that is little, what no member had room for. */
  skipUnread(): void {
    const { sealedId } = this.topic.log;
    if (!this.#floorLags) this.#giveUp(sealedId);
    else this.#giveUp(this.neededFrom + Math.floor((sealedId - this.neededFrom) / 2));
  }

  /**
   * Ends the member that has had the oldest message for too long: it goes to another one. One that others have had before and
   * not committed either is given up. Where no member has room all of them are behind, and all are ended.
   */
  tooSlow(): void {
    const { waitedBytes, waitedMessages, handedBytes, handedMessages } = this.#floor;
    if (this.#floorLags && (handedBytes > waitedBytes || handedMessages > waitedMessages)) {
      this.skipUnread();
      return;
    }
    for (const client of this.waitsFor) client.tooSlow(this.unread);
  }

  fail(fault: unknown): void {
    for (const client of this.clients) client.fail(fault);
  }

  removed(): void {
    this.cursor.leave();
    this.#floor.leave();
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
      if (range.from < log.firstId) {
        this.#tellSkipped(range.from, Math.min(range.to, log.firstId - 1));
        range.from = log.firstId;
      }
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
    if (member.window > 0 && nextId <= this.topic.log.sealedId) this.#floor.hold(nextId);
    const frames = cursor.read(most);
    if (frames === undefined) return false;
    member.delivered(nextId, cursor.nextId - 1);
    if (!member.client.send(frames)) cursor.segment.lent = true;
    return true;
  }

  /** Whether it is what members have not committed that lags, rather than what none of them had room for. */
  get #floorLags(): boolean {
    const { lagBytes, lagMessages } = this.cursor;
    return this.lagBytes > lagBytes || this.lagMessages > lagMessages;
  }

  /** The member that has the oldest message; undefined when none has it. */
  #oldestHolder(): GroupMember | undefined {
    const id = this.#floor.nextId;
    return this.#members.find(({ outstanding }) => outstanding.some(({ from }) => from === id));
  }

  /** Nothing up to and including this id is asked of anybody any more. Who has it, or might have had it, is told. */
  #giveUp(upTo: number): void {
    for (const member of this.#members) member.giveUp(upTo, this.topic.name);
    this.#goPast(upTo);
  }

  /** Nothing up to and including this id will be sent, or sent again. Who has some of it may still commit it. */
  #goPast(upTo: number): void {
    const { cursor } = this;
    for (const range of this.#again) {
      if (range.from > upTo) break;
      this.#tellSkipped(range.from, Math.min(range.to, upTo));
      range.from = upTo + 1;
    }
    if (cursor.nextId <= upTo) {
      this.#tellSkipped(cursor.nextId, upTo);
      cursor.moveTo(upTo + 1);
    }
    this.#moveFloor();
  }

  #tellSkipped(fromId: number, toId: number): void {
    const frame = brokerCodec.encode({ type: 'SKIPPED', topic: this.topic.name, fromId, toId });
    for (const { client } of this.#members) client.send(frame);
  }

  #moveFloor(): void {
    const { firstId } = this.topic.log;
    let lowest = this.cursor.nextId;
    for (const { outstanding } of this.#members) {
      for (const { from, to } of outstanding)
        if (to >= firstId) lowest = Math.min(lowest, Math.max(from, firstId));
    }
    for (const { from, to } of this.#again) if (from <= to && from < lowest) lowest = from;
    this.#floor.moveTo(lowest >= this.cursor.nextId ? undefined : Math.max(lowest, firstId));
  }
}

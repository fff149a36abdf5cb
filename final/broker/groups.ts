import type { Session, Topic, TopicTable } from '#log';
import { ProtocolError, Start, type SubscribeFrame } from '#protocol/old';
import { Group, type Member } from './group.ts';

/** Shared subscriptions: who is a member of which group. */
export class Groups {
  // A group is known by its topic and its name; a member by its session and the topic.
  readonly #groups = new Map<Topic, Map<string, Group>>();
  readonly #members = new Map<Session, Map<string, Member>>();

  /** The groups that read a topic. */
  of(topic: Topic): Iterable<Group> {
    return this.#groups.get(topic)?.values() ?? [];
  }

  /** What a session is in this topic, if it is a member of a group there. */
  member(session: Session, topic: string): Member | undefined {
    return this.#members.get(session)?.get(topic);
  }

  /**
   * Takes a SUBSCRIBE with a group. The group begins where its first member says; those who come later join it
   * where it is.
   *
   * @throws ProtocolError BAD_REQUEST for a start after an id, LIMIT
   */
  subscribe(frame: SubscribeFrame, session: Session, topics: TopicTable): void {
    const { request, start, window, group: name } = frame;
    if (start === Start.AFTER) {
      throw new ProtocolError(
        'BAD_REQUEST',
        'a group has one place in the topic: it cannot start after an id',
        {
          request,
        },
      );
    }
    const memberships = this.#members.get(session) ?? new Map<string, Member>();
    const { maxSubscriptions } = session.home.limits;
    if (!memberships.has(frame.topic)) {
      if (memberships.size + session.subscriptions.size >= maxSubscriptions) {
        throw new ProtocolError(
          'LIMIT',
          `${maxSubscriptions} subscriptions are the most for one connection`,
          {
            request,
          },
        );
      }
    }
    const topic = topics.use(frame.topic, request);
    const plain = session.subscriptions.get(topic.name);
    if (plain !== undefined) session.unsubscribe(plain);
    const { nextId } = topic.place(start, 0, request);
    const group = this.#use(topic, name, nextId);
    const member = group.add(session, window);
    const old = memberships.get(topic.name);
    if (old !== undefined) this.#leave(old);
    memberships.set(topic.name, member);
    this.#members.set(session, memberships);
    session.answerOk(request);
    group.pump();
  }

  /** Takes an UNSUBSCRIBE. False when the session is no member there. */
  unsubscribe(topic: string, session: Session): boolean {
    const memberships = this.#members.get(session);
    const member = memberships?.get(topic);
    if (memberships === undefined || member === undefined) return false;
    memberships.delete(topic);
    if (memberships.size === 0) this.#members.delete(session);
    this.#leave(member);
    return true;
  }

  /** Messages that wait for a session's groups, or that it has not committed. */
  lag(session: Session): number {
    let lag = 0;
    for (const { group, used } of this.#members.get(session)?.values() ?? []) lag += group.waiting + used;
    return lag;
  }

  /** The session is over. */
  sessionClosed(session: Session): void {
    const memberships = this.#members.get(session);
    this.#members.delete(session);
    for (const member of memberships?.values() ?? []) this.#leave(member);
  }

  #use(topic: Topic, name: string, nextId: number): Group {
    const groups = this.#groups.get(topic) ?? new Map<string, Group>();
    this.#groups.set(topic, groups);
    let group = groups.get(name);
    if (group === undefined) {
      group = new Group(topic, name, nextId);
      groups.set(name, group);
      topic.add(group);
    }
    return group;
  }

  #leave(member: Member): void {
    const { group } = member;
    group.remove(member);
    if (group.members.length > 0) return;
    const groups = this.#groups.get(group.topic);
    groups?.delete(group.name);
    if (groups?.size === 0) this.#groups.delete(group.topic);
    group.topic.remove(group);
  }
}

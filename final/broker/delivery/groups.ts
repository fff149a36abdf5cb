import { ProtocolError, Start } from '#protocol';
import { checkGrant } from '../access/grants.ts';
import type { Topic } from '../topics/topic.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import { Group } from './group.ts';
import type { GroupMember } from './group-member.ts';
import type { SubscribeFrame, SubscriptionHost, SubscriptionKind } from './subscription.ts';

/** Subscriptions that share one place in a topic with others of the same group. */
export class Groups implements SubscriptionKind {
  readonly #topics: TopicTable;
  readonly #maxTopicBytes: number;
  // A group is known by its topic and its name.
  readonly #groups = new Map<Topic, Map<string, Group>>();

  constructor(topics: TopicTable, { maxTopicBytes }: { readonly maxTopicBytes: number }) {
    this.#topics = topics;
    this.#maxTopicBytes = maxTopicBytes;
  }

  /** The names of the groups that read a topic. */
  namesOf(topic: Topic): string[] {
    return [...(this.#groups.get(topic)?.keys() ?? [])];
  }

  claims({ group }: SubscribeFrame): boolean {
    return group !== '';
  }

  check({ topic, start }: SubscribeFrame, { grants }: SubscriptionHost): void {
    if (start === Start.AFTER) {
      const message = 'a group has one place in the topic: it cannot start after an id';
      throw new ProtocolError('BAD_REQUEST', message);
    }
    checkGrant(grants, 'maySubscribe', topic, this.#maxTopicBytes);
  }

  /** A group begins where its first member says; those who come later join it where it is. */
  subscribe({ topic: name, start, window, group }: SubscribeFrame, client: SubscriptionHost): GroupMember {
    const topic = this.#topics.use(name);
    return this.#use(topic, group, topic.place(start, 0).nextId).add(client, window);
  }

  #use(topic: Topic, name: string, nextId: number): Group {
    const groups = this.#groups.get(topic) ?? new Map<string, Group>();
    this.#groups.set(topic, groups);
    const known = groups.get(name);
    if (known !== undefined) return known;
    const group = new Group(topic, name, nextId, () => this.#remove(group));
    groups.set(name, group);
    topic.add(group);
    return group;
  }

  #remove(group: Group): void {
    const groups = this.#groups.get(group.topic);
    groups?.delete(group.name);
    if (groups?.size === 0) this.#groups.delete(group.topic);
    group.topic.remove(group);
  }
}

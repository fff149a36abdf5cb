import { checkTopic } from '#protocol';
import type { Inboxes } from '../topics/inboxes.ts';
import { isInbox } from '../topics/reserved-names.ts';
import type { Topic } from '../topics/topic.ts';
import { PlainSubscription } from './plain-subscription.ts';
import type { ReaderHost, SubscribeFrame, SubscriptionHost, SubscriptionKind } from './subscription.ts';

/** Subscriptions of clients to their own inboxes. No permission is asked for: an inbox has an owner. */
export class InboxSubscriptions implements SubscriptionKind {
  readonly #inboxes: Inboxes;
  readonly #maxTopicBytes: number;

  constructor(inboxes: Inboxes, { maxTopicBytes }: { readonly maxTopicBytes: number }) {
    this.#inboxes = inboxes;
    this.#maxTopicBytes = maxTopicBytes;
  }

  /** A pattern or a group that leads to inboxes is left to its own kind, which finds that no permission allows it. */
  claims({ topic, group }: SubscribeFrame): boolean {
    return group === '' && isInbox(topic);
  }

  check({ topic }: SubscribeFrame): void {
    checkTopic(topic, this.#maxTopicBytes);
  }

  subscribe(frame: SubscribeFrame, client: SubscriptionHost): InboxSubscription {
    const { topic: name, start, after, window } = frame;
    const topic = this.#inboxes.enter(name, client);
    try {
      const { skippedFrom, nextId } = topic.place(start, after);
      const left = (): void => this.#inboxes.leave(topic);
      return new InboxSubscription(topic, client, nextId, window, skippedFrom, left);
    } catch (error) {
      // A request that is refused leaves no inbox behind.
      this.#inboxes.leave(topic);
      throw error;
    }
  }
}

/** A client that reads its own inbox. */
export class InboxSubscription extends PlainSubscription {
  #onLeave: (() => void) | undefined;

  /** @param onLeave - called once, when it has ended */
  constructor(
    topic: Topic,
    client: ReaderHost,
    nextId: number,
    windowSize: number,
    missedFrom: number,
    onLeave: () => void,
  ) {
    super(topic, client, nextId, windowSize, missedFrom);
    this.#onLeave = onLeave;
  }

  override leave(): void {
    super.leave();
    this.#onLeave?.();
    this.#onLeave = undefined;
  }
}

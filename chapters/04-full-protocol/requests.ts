import type { BrokerFrame } from './broker-frames.ts';
import type { ClientFrame, CloseFrame, HelloFrame } from './client-frames.ts';
import { BrokerType, ClientType } from './constants.ts';
import type { WireRecord } from './record.ts';
import { checkRequest } from './request-checks.ts';
import type { Feed, SubscriptionManager } from './subscription-manager.ts';

/** Every frame of a client that is served when it is ready. */
export type Request = Exclude<ClientFrame, HelloFrame | CloseFrame>;

/** What requests need of the broker. */
export interface RequestHost extends Feed {
  publish(
    topic: string,
    records: readonly WireRecord[],
  ): { readonly firstId: number; readonly count: number };
}

/** What became of a request. */
export interface Outcome {
  /** The personal frame that answers it, if it is to be answered. */
  readonly answer?: BrokerFrame;
  /** Steps that it took, beyond those of every frame. */
  readonly work: number;
}

// #region answer
/**
 * Do what a client asks for.
 *
 * @throws ProtocolError, TopicError: the request is refused, and nothing has changed.
 */
export function answerRequest(
  frame: Request,
  subscriptions: SubscriptionManager,
  host: RequestHost,
): Outcome {
  checkRequest(frame, host.limits);
  switch (frame.type) {
    case ClientType.CREATE:
      host.registry.create(frame.topic, { retentionMs: frame.retentionMs, dedupeMs: frame.dedupeMs });
      return ok(frame.request);
    case ClientType.PUBLISH: {
      const { request, topic, records } = frame;
      const published = host.publish(topic, records);
      const work = records.length;
      if (request === 0) return { work };
      return { answer: { type: BrokerType.PUBLISHED, request, ...published }, work };
    }
    case ClientType.SUBSCRIBE:
      return ok(frame.request, subscriptions.subscribe(frame));
    case ClientType.UNSUBSCRIBE:
      subscriptions.unsubscribe(frame.topic);
      return ok(frame.request);
    case ClientType.COMMIT:
      return { work: subscriptions.commit(frame.topic, frame.id) };
    case ClientType.PING:
      // The bytes are lent. That is enough: the answer is encoded, which copies them, before this turn ends.
      return { answer: { type: BrokerType.PONG, bytes: frame.bytes }, work: 0 };
    case ClientType.LAG: {
      const messages = subscriptions.lag();
      return {
        answer: { type: BrokerType.LAG, request: frame.request, messages },
        work: subscriptions.subscriber.size,
      };
    }
    case ClientType.PONG:
      return { work: 0 };
  }
}
// #endregion answer

function ok(request: number, work = 0): Outcome {
  return request === 0 ? { work } : { answer: { type: BrokerType.OK, request }, work };
}

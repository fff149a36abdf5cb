/**
 * What a client may ask for: one function for each frame. They throw a ProtocolError for what cannot be done;
 * {@link serveFrame} answers it, or lets a fatal one through to the session, which ends.
 */

import { HEADER_SIZE } from '#framing';
import {
  BrokerType,
  ByteReader,
  ClientType,
  type CommitFrame,
  type CreateFrame,
  checkTopic,
  decodeClientFrame,
  type HelloFrame,
  hasPattern,
  ProtocolError,
  Start,
  type SubscribeFrame,
  type UnsubscribeFrame,
} from '#protocol/old';
import { errorFrame, notGivenOut, toProtocolError } from './broker-errors.ts';
import type { LogLimits } from './limits.ts';
import { messagesHeaderSize } from './message-frame.ts';
import { PublishRequest } from './publish-request.ts';
import type { Session } from './session.ts';
import type { Grants } from './session-home.ts';
import type { Subscription } from './subscription.ts';
import type { Topic } from './topic.ts';

// Filled in anew for each PUBLISH and read before the next one: one is enough for all sessions.
const publish = new PublishRequest();

/**
 * Serves one frame.
 *
 * @throws ProtocolError when it is fatal
 */
export function serveFrame(session: Session, type: number, bytes: Buffer, start: number, end: number): void {
  if (session.state === 'closing') return;
  if (session.stall.on) {
    session.stall.postpone(type, bytes, start, end);
    return;
  }
  if (session.traced) session.trace('in', type, bytes, start, end);
  try {
    if (type === ClientType.PUBLISH && session.state === 'ready') servePublish(session, bytes, start, end);
    else serveRequest(session, type, bytes, start, end);
  } catch (error) {
    const answer = toProtocolError(error);
    if (answer.fatal) throw answer;
    session.answer(errorFrame(answer));
  }
}

// #region publish
function servePublish(session: Session, bytes: Buffer, start: number, end: number): void {
  publish.read(bytes, start, end);
  const { request, count, recordsAt, keyed } = publish;
  checkRecords(request, session.home.limits);
  let topic = session.topic;
  if (
    topic === undefined ||
    topic.forgotten ||
    !isName(topic.nameBytes, bytes, publish.topicAt, publish.topicEnd)
  ) {
    topic = switchTopic(session, bytes, request);
  }
  const kept = topic.publish(bytes, recordsAt, end, count, keyed);
  session.published += count;
  if (topic.slow.blocked) topic.slow.published(session);
  if (request === 0) return;
  const firstId = kept === 0 ? 0 : topic.log.lastId - kept + 1;
  session.answer({ type: BrokerType.PUBLISHED, request, firstId, count: kept });
}
// #endregion publish

/** One bad record refuses the whole batch: nothing has been written yet. */
function checkRecords(request: number, { maxFrameSize, maxKeyBytes }: LogLimits): void {
  if (publish.count === 0) throw new ProtocolError('BAD_REQUEST', 'a PUBLISH of no messages', { request });
  if (publish.longestKey > maxKeyBytes) {
    throw new ProtocolError('BAD_KEY', `a key is longer than ${maxKeyBytes} bytes`, { request });
  }
  const header = messagesHeaderSize(publish.topicEnd - publish.topicAt);
  if (publish.longestRecord > maxFrameSize + HEADER_SIZE - header) {
    const message = 'a message is longer than fits in a frame to a subscriber';
    throw new ProtocolError('BAD_REQUEST', message, { request });
  }
}

/** Makes the topic of the PUBLISH at hand the session's current one. */
function switchTopic(session: Session, bytes: Buffer, request: number): Topic {
  const { topicAt, topicEnd } = publish;
  const name = new ByteReader(bytes, topicAt, topicEnd).text(topicEnd - topicAt);
  const topic = permit(session, name, 'mayPublish', request);
  session.topic = topic;
  return topic;
}

/**
 * The topic of that name, for a client that may do this with it. A new one comes into being.
 *
 * @throws ProtocolError BAD_TOPIC, DENIED, LIMIT; none is fatal
 */
function permit(session: Session, name: string, act: keyof Grants, request: number): Topic {
  checkPermission(session, name, act, request);
  return session.home.topics.use(name, request);
}

function checkPermission(session: Session, name: string, act: keyof Grants, request: number): void {
  const { grants, home } = session;
  if (grants === undefined) return;
  checkTopic(name, request, home.limits.maxTopicBytes);
  if (!grants[act](name)) {
    throw new ProtocolError('DENIED', 'no permission for this topic', { request, fatal: false });
  }
}

function serveRequest(session: Session, type: number, bytes: Buffer, start: number, end: number): void {
  const frame = decodeClientFrame(type, bytes, start, end);
  if (session.state === 'greeting') {
    if (frame.type !== ClientType.HELLO)
      throw new ProtocolError('BAD_STATE', 'the first frame must be a HELLO');
    greet(session, frame);
    return;
  }
  switch (frame.type) {
    case ClientType.CREATE:
      create(session, frame);
      break;
    case ClientType.SUBSCRIBE:
      subscribe(session, frame);
      break;
    case ClientType.UNSUBSCRIBE:
      unsubscribe(session, frame);
      break;
    case ClientType.COMMIT:
      commit(session, frame);
      break;
    case ClientType.LAG:
      session.answer({ type: BrokerType.LAG, request: frame.request, messages: session.lag() });
      break;
    case ClientType.PING:
      session.answer({ type: BrokerType.PONG, bytes: frame.bytes });
      break;
    case ClientType.PONG:
      // That it came is all: the session has noted a sign of life.
      break;
    case ClientType.CLOSE:
      session.close('goodbye');
      break;
    default:
      throw new ProtocolError('BAD_STATE', 'HELLO was said already');
  }
}

function greet(session: Session, frame: HelloFrame): void {
  try {
    session.welcome(frame, session.home.admit(frame, session));
  } catch (error) {
    const { code, message } = toProtocolError(error);
    throw new ProtocolError(code, message, { fatal: true, cause: error });
  }
}

function create(session: Session, frame: CreateFrame): void {
  const { request } = frame;
  const topic = permit(session, frame.topic, 'mayPublish', request);
  if (!topic.create(frame)) {
    const { retentionMs, dedupeMs } = topic.settings;
    throw new ProtocolError(
      'TOPIC_EXISTS',
      `it exists with a retention of ${retentionMs} ms and a dedupe window of ${dedupeMs} ms`,
      { request },
    );
  }
  session.answerOk(request);
}

function subscribe(session: Session, frame: SubscribeFrame): void {
  const { request, start } = frame;
  if (start > Start.AFTER) {
    throw new ProtocolError('BAD_REQUEST', `start is ${start}, not 0, 1 or 2`, { request });
  }
  if (session.home.subscribeSpecially(frame, session)) return;
  if (hasPattern(frame.topic))
    throw new ProtocolError('UNSUPPORTED', 'patterns are not supported', { request });
  if (frame.group !== '') throw new ProtocolError('UNSUPPORTED', 'groups are not supported', { request });
  checkPermission(session, frame.topic, 'maySubscribe', request);
  session.checkRoom(frame.topic, request);
  // A request that is refused leaves no topic behind.
  const { topics, limits } = session.home;
  if (start === Start.AFTER && frame.after > 0 && topics.get(frame.topic) === undefined) {
    checkTopic(frame.topic, request, limits.maxTopicBytes);
    throw notGivenOut(0, frame.after, request);
  }
  session.subscribe(topics.use(frame.topic, request), frame);
}

function unsubscribe(session: Session, frame: UnsubscribeFrame): void {
  if (session.home.unsubscribeSpecially(frame, session)) return;
  const { topic, request } = frame;
  const subscription = subscriptionTo(session, topic, request);
  session.unsubscribe(subscription);
  session.answerOk(request);
  session.home.unsubscribed(subscription.topic, session);
}

function commit(session: Session, frame: CommitFrame): void {
  if (session.home.commitSpecially(frame, session)) return;
  const subscription = subscriptionTo(session, frame.topic, 0);
  if (!subscription.commit(frame.id)) {
    throw new ProtocolError('BAD_COMMIT', `id ${frame.id} was not delivered yet`);
  }
  subscription.topic.resume(subscription);
}

function subscriptionTo(session: Session, topic: string, request: number): Subscription {
  const subscription = session.subscriptions.get(topic);
  if (subscription === undefined) {
    throw new ProtocolError('NOT_SUBSCRIBED', 'this connection does not subscribe to that topic', {
      request,
    });
  }
  return subscription;
}

/** Whether the bytes from `start` to `end` are this name. */
function isName(name: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) {
    if (name[i] !== bytes[start + i]) return false;
  }
  return true;
}

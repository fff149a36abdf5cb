import {
  type BrokerFrame,
  type ClientFrame,
  ClientType,
  checkRequest,
  decodeClientFrame,
  errorFrame,
  toProtocolError,
} from '../wire/index.ts';
import type { Engine, EngineClient, Published } from './engine.ts';
import type { BrokerLimits } from './limits.ts';

/** Whom a request is for. */
export interface RequestTarget {
  readonly engine: Engine;
  readonly client: EngineClient;
  readonly limits: BrokerLimits;
}

// #region answer
/**
 * Does what a client asks for in one frame, whose body is `bytes[start, end)`.
 *
 * @returns the answer, which may be an ERROR; `undefined` if none was asked for. CLOSING ends the connection
 * @throws what ends the connection: a ProtocolError that is fatal, or a fault
 */
export function answerFrame(
  type: number,
  bytes: Buffer,
  start: number,
  end: number,
  target: RequestTarget,
): BrokerFrame | undefined {
  let request = 0;
  try {
    if (type === ClientType.PUBLISH && target.client.publishRaw !== undefined) {
      if (end - start >= 4) request = bytes.readUInt32BE(start);
      return published(request, target.client.publishRaw(bytes, start, end));
    }
    const frame = decodeClientFrame(type, bytes, start, end);
    if ('request' in frame) request = frame.request;
    checkRequest(frame, target.limits);
    return answerRequest(frame, target);
  } catch (thrown) {
    const error = toProtocolError(thrown);
    if (error.fatal) throw error;
    return { ...errorFrame(error), request };
  }
}
// #endregion answer

// #region requests
/** @throws an error with a code of the wire that says why not: then nothing has changed */
function answerRequest(frame: ClientFrame, { engine, client }: RequestTarget): BrokerFrame | undefined {
  switch (frame.type) {
    case 'CREATE':
      engine.create(frame.topic, { retentionMs: frame.retentionMs, dedupeMs: frame.dedupeMs });
      return ok(frame.request);
    case 'PUBLISH':
      return published(frame.request, client.publish(frame.topic, frame.records));
    case 'SUBSCRIBE':
      client.subscribe(frame);
      return ok(frame.request);
    case 'UNSUBSCRIBE':
      client.unsubscribe(frame.topic);
      return ok(frame.request);
    case 'COMMIT':
      client.commit(frame.topic, frame.id);
      return undefined;
    case 'LAG':
      return { type: 'LAG', request: frame.request, messages: client.lag };
    case 'PING':
      return { type: 'PONG', bytes: frame.bytes };
    case 'CLOSE':
      return { type: 'CLOSING', reason: 'goodbye' };
    default:
      // A PONG: this broker sends no PING, but one that nobody asked for does no harm.
      return undefined;
  }
}
// #endregion requests

/** Request 0 asks for no answer. */
function ok(request: number): BrokerFrame | undefined {
  return request === 0 ? undefined : { type: 'OK', request };
}

function published(request: number, { firstId, count }: Published): BrokerFrame | undefined {
  return request === 0 ? undefined : { type: 'PUBLISHED', request, firstId, count };
}

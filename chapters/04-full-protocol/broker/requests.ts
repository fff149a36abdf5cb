import type { FrameHandler } from '#framing';
import {
  type BrokerFrame,
  type ClientFrame,
  ClientType,
  checkRequest,
  clientCodec,
  errorFrame,
  type RequestLimits,
  toProtocolError,
} from '../index.ts';
import type { EngineClient } from './engine.ts';

// #region answer
/**
 * Does what a client asks for in a frame, whose body is `bytes[start, end)`.
 *
 * @returns the answer, an ERROR if it is refused; `undefined` if none is due. CLOSING ends the connection
 * @throws what ends the connection: a ProtocolError that is fatal
 */
export function answerFrame(
  client: EngineClient,
  limits: RequestLimits,
  ...[type, bytes, start, end]: Parameters<FrameHandler>
): BrokerFrame | undefined {
  let request = 0;
  try {
    if (type === ClientType.PUBLISH && client.publishRaw !== undefined) {
      if (end - start >= 4) request = bytes.readUInt32BE(start);
      return ifAsked({ type: 'PUBLISHED', request, ...client.publishRaw(bytes, start, end) });
    }
    const frame = clientCodec.decode(type, bytes, start, end);
    if ('request' in frame) request = frame.request;
    checkRequest(frame, limits);
    return answerRequest(frame, client);
  } catch (thrown) {
    const error = toProtocolError(thrown);
    if (error.fatal) throw error;
    return errorFrame(error, request);
  }
}
// #endregion answer

// #region requests
/** @throws an error with a code of the wire that says why not: then nothing has changed */
function answerRequest(frame: ClientFrame, client: EngineClient): BrokerFrame | undefined {
  switch (frame.type) {
    case 'CREATE':
      client.create(frame.topic, { retentionMs: frame.retentionMs, dedupeMs: frame.dedupeMs });
      return ifAsked({ type: 'OK', request: frame.request });
    case 'PUBLISH':
      return ifAsked({
        type: 'PUBLISHED',
        request: frame.request,
        ...client.publish(frame.topic, frame.records),
      });
    case 'SUBSCRIBE':
      client.subscribe(frame);
      return ifAsked({ type: 'OK', request: frame.request });
    case 'UNSUBSCRIBE':
      client.unsubscribe(frame.topic);
      return ifAsked({ type: 'OK', request: frame.request });
    case 'COMMIT':
      return void client.commit(frame.topic, frame.id);
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
function ifAsked<F extends BrokerFrame & { readonly request: number }>(answer: F): F | undefined {
  return answer.request === 0 ? undefined : answer;
}

import type { FrameHandler } from '#framing';
import * as wire from '../index.ts';
import type { EngineClient } from './engine.ts';

// step 4.6: answer a request

// #region answer
/**
 * Does what a client asks for in one frame.
 *
 * @returns the answer, an ERROR if it is refused; `undefined` if none is due. CLOSING ends the connection
 * @throws ProtocolError that is fatal: it ends the connection
 */
export function answerFrame(
  client: EngineClient,
  limits: wire.RequestLimits,
  ...[type, bytes, start, end]: Parameters<FrameHandler>
): wire.BrokerFrame | undefined {
  let request = 0;
  try {
    if (type === wire.ClientType.PUBLISH && client.publishRaw !== undefined) {
      if (end - start >= 4) request = bytes.readUInt32BE(start);
      const published = client.publishRaw(bytes, start, end);
      return published && { type: 'PUBLISHED', request, ...published };
    }
    const frame = wire.clientCodec.decode(type, bytes, start, end);
    if ('request' in frame) request = frame.request;
    wire.checkRequest(frame, limits);
    return answerRequest(frame, client);
  } catch (thrown) {
    const error = wire.toProtocolError(thrown);
    if (error.fatal) throw error;
    return wire.errorFrame(error, request);
  }
}
// #endregion answer

// #region requests
/** @throws an error with a code of the wire that says why not: then nothing has changed */
function answerRequest(frame: wire.ClientFrame, client: EngineClient): wire.BrokerFrame | undefined {
  switch (frame.type) {
    case 'CREATE':
      client.create(frame);
      break;
    case 'SUBSCRIBE':
      client.subscribe(frame);
      break;
    case 'UNSUBSCRIBE':
      client.unsubscribe(frame.topic);
      break;
    case 'PUBLISH': {
      const published = client.publish?.(frame.topic, frame.records);
      return published && ifAsked({ type: 'PUBLISHED', request: frame.request, ...published });
    }
    case 'COMMIT':
      return void client.commit(frame.topic, frame.id);
    case 'LAG':
      return { type: 'LAG', request: frame.request, messages: client.lag };
    case 'PING':
      return { type: 'PONG', bytes: frame.bytes };
    case 'CLOSE':
      return { type: 'CLOSING', reason: 'goodbye' };
    case 'PONG':
      // This broker sends no PING, but a PONG that nobody asked for does no harm.
      return undefined;
    default:
      throw new wire.ProtocolError('UNSUPPORTED', `this broker knows no ${frame.type}`);
  }
  return ifAsked({ type: 'OK', request: frame.request });
}
/** Request 0 asks for no answer. */
function ifAsked<F extends wire.BrokerFrame & { readonly request: number }>(answer: F): F | undefined {
  return answer.request === 0 ? undefined : answer;
}
// #endregion requests

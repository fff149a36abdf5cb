import type { CloseReason } from '#connections';
import { LeveretError } from '#framing';
import { BrokerType, type ErrorFrame, type ErrorName, isErrorName, ProtocolError } from '#protocol/old';

/** Whatever was thrown while a client was served, as what the client is told. */
export function toProtocolError(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  if (error instanceof LeveretError && isErrorName(error.code)) {
    return new ProtocolError(error.code, error.message, { cause: error });
  }
  // A fault of ours. The client's connection ends; the broker does not.
  return new ProtocolError('BAD_FRAME', 'the broker could not deal with this frame', { cause: error });
}

/** The frame that carries an error. */
export function errorFrame(error: ProtocolError): ErrorFrame {
  return { type: BrokerType.ERROR, request: error.request, code: error.wireCode, reason: error.message };
}

/** The answer to a SUBSCRIBE after an id in the future. */
export function notGivenOut(newest: number, after: number, request: number): ProtocolError {
  const message = `the newest id is ${newest}; ${after} was not given out yet`;
  return new ProtocolError('OUT_OF_RANGE', message, { request });
}

/** How a connection that ends with this error is counted. */
export function closeReason(code: ErrorName): CloseReason {
  switch (code) {
    case 'TIMEOUT':
      return 'deadline';
    case 'SLOW':
      return 'slow';
    case 'DENIED':
    case 'FULL':
      return 'denied';
    case 'SHUTDOWN':
      return 'shutdown';
    default:
      return 'bad-input';
  }
}

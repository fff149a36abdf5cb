import type { CloseReason } from '#connections';
import { LeveretError } from '#framing';
import { BrokerType, type ErrorFrame, type ErrorName, isErrorName, ProtocolError } from '#protocol';

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

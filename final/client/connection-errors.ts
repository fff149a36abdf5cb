import { FrameError, LeveretError } from '#framing';
import { type BrokerFrame, ErrorCode, errorName, type FrameNamed, isFatal, ProtocolError } from '#protocol';

/** What those hear who wait for an answer that cannot come any more. */
export function disconnected(cause: LeveretError): LeveretError {
  if (cause.code === 'CLOSED') return cause;
  const message = `the connection was lost before the answer came, so it may or may not have been done: ${cause.message}`;
  return new LeveretError('DISCONNECTED', message, { cause });
}

/** Errors after which it makes no sense to come back. */
export function isHopeless(error: LeveretError): boolean {
  if (error.code === 'BAD_BROKER' || error.code === 'TLS') return true;
  if (!(error instanceof ProtocolError)) return false;
  return HOPELESS.has(error.wireCode);
}

const HOPELESS: ReadonlySet<number> = new Set([
  ErrorCode.BAD_FRAME,
  ErrorCode.TOO_LARGE,
  ErrorCode.UNKNOWN_TYPE,
  ErrorCode.BAD_STATE,
  ErrorCode.BAD_VERSION,
  ErrorCode.BAD_TEXT,
  ErrorCode.DENIED,
]);

/**
 * The error that an ERROR frame tells of.
 *
 * @param atHello - true before WELCOME, where every error ends the connection
 */
export function errorOf(
  { code, reason, request }: FrameNamed<BrokerFrame, 'ERROR'>,
  atHello: boolean,
): LeveretError {
  const name = errorName(code);
  // A number of a later version: all that is known is that below 16 the connection ends.
  if (name === undefined) return new LeveretError(isFatal(code) ? 'DISCONNECTED' : `ERROR_${code}`, reason);
  return new ProtocolError(name, reason, { request, fatal: isFatal(code) || atHello });
}

/**
 * What ends a connection whose bytes could not be taken. Bytes that break the protocol are the broker's fault; a broker of
 * another version keeps to its own.
 */
export function readingFailed(error: unknown): LeveretError {
  const isTheirs = error instanceof FrameError || error instanceof ProtocolError;
  if (isTheirs && error.code !== 'BAD_VERSION') {
    const message = `what came is not the leveret protocol: ${error.message}. Is this the port of a leveret broker?`;
    return new LeveretError('BAD_BROKER', message, { cause: error });
  }
  if (error instanceof LeveretError) return error;
  return new LeveretError('CLIENT_BUG', `reading failed: ${String(error)}`, { cause: error });
}

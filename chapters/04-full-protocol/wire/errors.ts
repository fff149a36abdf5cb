import { LeveretError } from '#framing';

// step 4.1: errors that have a number on the wire

/**
 * Numbers of the errors on the wire. Below 16 the connection is of no use any more: the broker sends the ERROR
 * and closes (only DENIED may also be answered after HELLO, and then the connection stays). From 16 on the
 * stream is in order: the request is answered with the ERROR and the connection stays.
 */
export const ErrorCode = {
  BAD_FRAME: 1,
  TOO_LARGE: 2,
  UNKNOWN_TYPE: 3,
  BAD_STATE: 4,
  BAD_VERSION: 5,
  TIMEOUT: 6,
  BAD_TEXT: 7,
  DENIED: 8,
  SLOW: 9,
  FULL: 10,
  SHUTDOWN: 11,
  INTERNAL: 12,
  BAD_TOPIC: 16,
  BAD_REQUEST: 17,
  BAD_KEY: 18,
  TOPIC_EXISTS: 19,
  NOT_SUBSCRIBED: 20,
  BAD_COMMIT: 21,
  OUT_OF_RANGE: 22,
  LIMIT: 23,
  UNSUPPORTED: 24,
  NO_TOPIC: 25,
} as const;

/** Name of an error, as `error.code` carries it: `'BAD_FRAME'`, `'LIMIT'`, and so on. */
export type ErrorName = keyof typeof ErrorCode;

/** What {@link ProtocolError} takes besides its code and message. */
export interface ProtocolErrorOptions extends ErrorOptions {
  /**
   * True where the stream cannot go on after this error.
   * @defaultValue what the code says: see {@link isFatal}
   */
  readonly fatal?: boolean;
  /**
   * Number of the request that this answers, 0 for none.
   * @defaultValue 0
   */
  readonly request?: number;
}

// #region protocol-error
/**
 * An error that has a number on the wire. A broker throws it to answer a client with an ERROR frame; a client
 * throws it when such a frame arrives. There are two kinds, after nsq: fatal ("answer and close"), and
 * not fatal ("answer and go on").
 */
export class ProtocolError extends LeveretError {
  declare readonly code: ErrorName;
  /** The code's number on the wire. */
  readonly wireCode: number;
  /** True if the connection is closed after this error. */
  readonly fatal: boolean;
  /** The client's number of the request that failed; 0 if it was none of the client's requests. */
  readonly request: number;

  constructor(code: ErrorName, message: string, options: ProtocolErrorOptions = {}) {
    const { fatal = isFatal(ErrorCode[code]), request = 0, ...rest } = options;
    super(code, message, rest);
    this.wireCode = ErrorCode[code];
    this.fatal = fatal;
    this.request = request;
  }
}

/** True if an error with this number on the wire always ends the connection. DENIED does so only at HELLO. */
export function isFatal(wireCode: number): boolean {
  return wireCode < ErrorCode.BAD_TOPIC && wireCode !== ErrorCode.DENIED;
}

/** Name of an error's number on the wire, or `undefined` for a number that this version does not know. */
export function errorName(wireCode: number): ErrorName | undefined {
  return (Object.keys(ErrorCode) as ErrorName[]).find((name) => ErrorCode[name] === wireCode);
}
// #endregion protocol-error

// #region to-protocol-error
/**
 * What a client is told of something that was thrown. An error that has a number on the wire is told as it is.
 * Anything else is a fault of ours, never of the peer: it becomes `INTERNAL`, with what was thrown as its `cause` for
 * the log, and without a word of it for the client.
 */
export function toProtocolError(thrown: unknown): ProtocolError {
  if (thrown instanceof ProtocolError) return thrown;
  if (thrown instanceof LeveretError && Object.hasOwn(ErrorCode, thrown.code))
    return new ProtocolError(thrown.code as ErrorName, thrown.message, { cause: thrown });
  return new ProtocolError('INTERNAL', 'a fault of the broker, not of the client', { cause: thrown });
}
// #endregion to-protocol-error

import { LeveretError } from '#framing';
import { ErrorCode, type ErrorName } from './constants.ts';

/** What {@link ProtocolError} takes besides its code and message. */
export interface ProtocolErrorOptions extends ErrorOptions {
  /**
   * True where the stream cannot go on after this error.
   * @defaultValue what the code says: see {@link ErrorCode}
   */
  fatal?: boolean;
  /**
   * Number of the request that this answers, 0 for none.
   * @defaultValue 0
   */
  request?: number;
}

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

const names = new Map<number, ErrorName>(
  Object.entries(ErrorCode).map(([name, wireCode]) => [wireCode, name as ErrorName]),
);

/** Name of an error's number on the wire, or `undefined` for a number that this version does not know. */
export function errorName(wireCode: number): ErrorName | undefined {
  return names.get(wireCode);
}

/** True if `code` is one of the names in {@link ErrorCode}. */
export function isErrorName(code: string): code is ErrorName {
  return Object.hasOwn(ErrorCode, code);
}

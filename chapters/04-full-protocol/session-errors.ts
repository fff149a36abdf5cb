import createDebug from 'debug';
import { LeveretError } from '#framing';
import { hexByte } from './client-frames.ts';
import { typeName } from './describe.ts';
import { isErrorName, ProtocolError } from './protocol-error.ts';

const debugBroker = createDebug('leveret:broker');

/** What a client is told when a deadline has passed. */
export const OVERDUE = {
  hello: 'no HELLO has come in time',
  frame: 'a frame took too long to come',
  silence: 'two PINGs, and no sign of life',
};

/** Why a frame other than HELLO is refused before HELLO. */
export function beforeHello(type: number): ProtocolError {
  const name = type < 0x80 ? typeName(type) : undefined;
  if (name === undefined) {
    return new ProtocolError('UNKNOWN_TYPE', `a client sends no frame of type 0x${hexByte(type)}`);
  }
  return new ProtocolError('BAD_STATE', `${name} before HELLO`);
}

/** The error with a number on the wire that says what this one says. */
export function toProtocolError(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  if (error instanceof LeveretError && isErrorName(error.code)) {
    return new ProtocolError(error.code, error.message, { cause: error });
  }
  // Not the client's doing. There is no number for it: what is safe is to end this connection, and it alone.
  debugBroker('unexpected: %O', error);
  return new ProtocolError('SHUTDOWN', 'the broker failed to serve this connection', { cause: error });
}

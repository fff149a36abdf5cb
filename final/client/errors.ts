import { LeveretError } from '#framing';
import type { ErrorName } from '#protocol';

/** Codes of errors that are the client's own, and what each means. The others are those of the protocol. */
export const CLIENT_ERRORS = {
  ABORTED: 'the signal of a wait was aborted',
  BAD_BROKER: 'what answers does not keep to the protocol',
  BAD_JSON: 'the payload of a message is no JSON',
  BAD_OPTION: 'an option is not what it may be',
  BAD_PAYLOAD: 'a payload is neither text nor a Uint8Array',
  BAD_RETRY: 'a publish that is repeated could be there twice',
  BAD_URL: 'the address is none',
  CALLBACK_FAILED: 'a callback of the program has thrown',
  CLIENT_BUG: 'a fault of the client itself',
  CLOSED: 'the client, or the subscription, was closed',
  DISCONNECTED: 'the connection was lost',
  HANDLER_FAILED: 'the responder of a request has failed',
  OVERFLOW: 'more waits, to be sent or to be taken, than may be held',
  REFUSED: 'nobody has answered at the address',
  SKIPPED: 'messages are lost, and the subscription was to end by that',
  TIMEOUT: 'a wait has taken too long',
  TLS: 'no secure connection could be made',
} as const;

/**
 * What the `code` of an error of the client can be: its own, those of the protocol, and `ERROR_` and a number for what a
 * later version of the protocol may bring.
 */
export type ClientErrorCode = keyof typeof CLIENT_ERRORS | ErrorName | `ERROR_${number}`;

/**
 * Reads options. What is wrong with them is an error of the same class as every other.
 *
 * @throws LeveretError `BAD_OPTION`
 */
export function readingOptions<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw new LeveretError('BAD_OPTION', error.message, { cause: error });
    throw error;
  }
}

/** True for the bytes of a payload, those of another realm (a frame of a page, a test's context) included. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || Object.prototype.toString.call(value) === '[object Uint8Array]';
}

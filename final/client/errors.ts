import { LeveretError } from '#framing';
import type { ErrorName } from '#protocol';

/** Codes of errors that are the client's own, each with what it means. The others are those of the protocol. */
export interface ClientErrors {
  /** The signal of a wait was aborted. */
  readonly ABORTED: string;
  /** What answers does not keep to the protocol. */
  readonly BAD_BROKER: string;
  /** The payload of a message is no JSON. */
  readonly BAD_JSON: string;
  /** An option is not what it may be. */
  readonly BAD_OPTION: string;
  /** A payload is neither text nor a Uint8Array. */
  readonly BAD_PAYLOAD: string;
  /** A publish that is repeated could be there twice. */
  readonly BAD_RETRY: string;
  /** The address is none. */
  readonly BAD_URL: string;
  /** A callback of the program has thrown. */
  readonly CALLBACK_FAILED: string;
  /** A fault of the client itself. */
  readonly CLIENT_BUG: string;
  /** The client, or the subscription, was closed. */
  readonly CLOSED: string;
  /** The connection was lost. */
  readonly DISCONNECTED: string;
  /** The responder of a request has failed. */
  readonly HANDLER_FAILED: string;
  /** More waits, to be sent or to be taken, than may be held. */
  readonly OVERFLOW: string;
  /** Nobody has answered at the address. */
  readonly REFUSED: string;
  /** Messages are lost, and the subscription was to end by that. */
  readonly SKIPPED: string;
  /** A wait has taken too long. */
  readonly TIMEOUT: string;
  /** No secure connection could be made. */
  readonly TLS: string;
}

/**
 * What the `code` of an error of the client can be: its own, those of the protocol, and `ERROR_` and a number for what a
 * later version of the protocol may bring.
 */
export type ClientErrorCode = keyof ClientErrors | ErrorName | `ERROR_${number}`;

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

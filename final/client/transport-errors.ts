import { LeveretError } from '#framing';
import type { Address } from './address.ts';
import type { Platform } from './platform.ts';

/**
 * The error that a person can do something with, for what the platform says of a connection that ended.
 *
 * @param platform - may know more of what its transports say
 */
export function explainFailure(
  address: Address,
  cause: Error | undefined,
  wasWelcomed: boolean,
  { explain }: Pick<Platform, 'explain'>,
): LeveretError {
  const where = address.text;
  if (wasWelcomed) {
    const what = cause === undefined ? 'was ended by the other side' : `broke: ${cause.message}`;
    const options = cause === undefined ? undefined : { cause };
    return new LeveretError('DISCONNECTED', `the connection to ${where} ${what}`, options);
  }
  if (cause === undefined) {
    const message = `${where} ended the connection without a welcome: is it the port of a leveret broker, and are TLS and path right?`;
    return new LeveretError('REFUSED', message);
  }
  return explain?.(address, cause) ?? explainRefusedWebSocket(address, cause);
}

/** A browser says no more than that there is no WebSocket; `ws` says with which status it was refused. */
function explainRefusedWebSocket({ text }: Address, cause: Error): LeveretError {
  const status = /response: (\d{3})/.exec(cause.message)?.[1];
  const what =
    status === undefined
      ? 'refused this page, or nobody answers there'
      : `answered ${status} instead of a WebSocket`;
  const how = 'check the address and its path; if a broker runs there, its log says why it refuses';
  const message = `${text} ${what}: ${how} (pages of other origins need --allowed-origins)`;
  return new LeveretError('REFUSED', message, { cause });
}

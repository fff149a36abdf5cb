import { LeveretError } from '#framing';
import type { Address } from './address.ts';

/** The error that a person can do something with, for what the platform says of a connection that ended. */
export function explainFailure(
  address: Address,
  cause: Error | undefined,
  wasWelcomed: boolean,
): LeveretError {
  const where = address.text;
  const code = cause !== undefined && 'code' in cause ? String(cause.code) : '';
  const options = cause === undefined ? undefined : { cause };
  if (cause !== undefined && !wasWelcomed && isTls(code, cause.message)) {
    const hint = /SELF_SIGNED|UNABLE_TO/.test(code)
      ? 'pass the certificate to trust as tls.ca'
      : /WRONG_VERSION|EPROTO/.test(code)
        ? 'does this port speak TLS? If not, use leveret://'
        : 'check the certificate and the name in the URL';
    return new LeveretError('TLS', `no secure connection to ${where}: ${cause.message} (${hint})`, options);
  }
  if (wasWelcomed) {
    const what = cause === undefined ? 'was ended by the other side' : `broke: ${cause.message}`;
    return new LeveretError('DISCONNECTED', `the connection to ${where} ${what}`, options);
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new LeveretError('REFUSED', `no machine is called ${address.host}: check the address`, options);
  }
  if (cause === undefined) {
    const message = `${where} ended the connection without a welcome: is it the port of a leveret broker, and are TLS and path right?`;
    return new LeveretError('REFUSED', message);
  }
  if (code === '' && address.protocol.startsWith('ws')) return explainRefusedWebSocket(address, cause);
  if (code === 'ECONNREFUSED' || code === '') {
    const detail = cause.message === '' ? '' : ` (${cause.message})`;
    return new LeveretError(
      'REFUSED',
      `nobody answers at ${where}: start a broker with "leveret serve", or check the address${detail}`,
      options,
    );
  }
  return new LeveretError('REFUSED', `cannot connect to ${where}: ${cause.message}`, options);
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

function isTls(code: string, message: string): boolean {
  return (
    /^ERR_(TLS|SSL)|CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|^EPROTO$/.test(code) ||
    /certificate/i.test(message)
  );
}

import { LeveretError } from '#framing';
import type { Address } from './address.ts';

/** What a socket of Node says when there is no connection, so that a person can do something about it; undefined if it says nothing. */
export function explainSocketError(address: Address, cause: Error): LeveretError | undefined {
  const where = address.text;
  const code = 'code' in cause ? String(cause.code) : '';
  if (isTls(code, cause.message)) {
    const hint = /SELF_SIGNED|UNABLE_TO/.test(code)
      ? 'pass the certificate to trust as tls.ca'
      : /WRONG_VERSION|EPROTO/.test(code)
        ? 'does this port speak TLS? If not, use leveret://'
        : 'check the certificate and the name in the URL';
    return new LeveretError('TLS', `no secure connection to ${where}: ${cause.message} (${hint})`, { cause });
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new LeveretError('REFUSED', `no machine is called ${address.host}: check the address`, { cause });
  }
  if (code === '' && address.protocol.startsWith('ws')) return undefined;
  if (code === 'ECONNREFUSED' || code === '') {
    const detail = cause.message === '' ? '' : ` (${cause.message})`;
    const message = `nobody answers at ${where}: start a broker with "leveret serve", or check the address${detail}`;
    return new LeveretError('REFUSED', message, { cause });
  }
  return new LeveretError('REFUSED', `cannot connect to ${where}: ${cause.message}`, { cause });
}

function isTls(code: string, message: string): boolean {
  return (
    /^ERR_(TLS|SSL)|CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|^EPROTO$/.test(code) ||
    /certificate/i.test(message)
  );
}

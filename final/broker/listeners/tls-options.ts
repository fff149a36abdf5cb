import type { TlsOptions } from 'node:tls';
import { LeveretError } from '#framing';
import { certificateOf, checkKeyPair, type Pem, privateKeyOf, readPem } from '../../pem.ts';
import { ConfigError } from '../config-issue.ts';
import type { BrokerSettings } from '../options.ts';

/**
 * What Node needs to know for a listener over TLS. Files are read anew each time.
 *
 * @throws ConfigError that names the option, and the file that cannot be read or holds something else
 */
export function tlsOptions(tls: BrokerSettings['tls']): TlsOptions {
  if (tls === undefined) return {};
  const cert = checked('tls.cert', tls.cert, certificateOf);
  const key = checked('tls.key', tls.key, (pem) => {
    privateKeyOf(pem);
    checkKeyPair(cert, pem);
  });
  return {
    cert: cert.text,
    key: key.text,
    ...(tls.ca === undefined ? {} : { ca: checked('tls.ca', tls.ca, certificateOf).text }),
    requestCert: tls.requestClientCert,
    rejectUnauthorized: tls.requestClientCert,
    minVersion: 'TLSv1.2',
  };
}

function checked(option: string, value: string, check: (pem: Pem) => void): Pem {
  try {
    const pem = readPem(value);
    check(pem);
    return pem;
  } catch (error) {
    if (!(error instanceof LeveretError)) throw error;
    throw new ConfigError(option, (nameOf) => `${nameOf(option)}: ${error.message}`, { cause: error });
  }
}

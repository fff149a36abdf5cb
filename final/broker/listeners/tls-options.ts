import { readFileSync } from 'node:fs';
import type { TlsOptions } from 'node:tls';
import { LeveretError } from '#framing';
import type { BrokerSettings } from '../options.ts';

/**
 * What Node needs to know for a listener over TLS.
 *
 * @throws LeveretError `BAD_CONFIG` for a file that cannot be read
 */
export function tlsOptions(tls: BrokerSettings['tls']): TlsOptions {
  if (tls === undefined) return {};
  return {
    cert: readPem(tls.cert),
    key: readPem(tls.key),
    ...(tls.ca === undefined ? {} : { ca: readPem(tls.ca) }),
    requestCert: tls.requestClientCert,
    rejectUnauthorized: tls.requestClientCert,
    minVersion: 'TLSv1.2',
  };
}

/** Certificates may be given as text or as the path of a file. */
function readPem(value: string): string | Buffer {
  if (value.includes('-----BEGIN')) return value;
  try {
    return readFileSync(value);
  } catch (cause) {
    throw new LeveretError('BAD_CONFIG', `cannot read ${value}: give the path of a PEM file, or its text`, {
      cause,
    });
  }
}

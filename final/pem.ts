/** Certificates and keys in PEM: read, and refused with the name of the file before anybody depends on them. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { LeveretError } from '#framing';

/** PEM text, and what to call it in messages. */
export interface Pem {
  readonly text: string;
  readonly name: string;
}

/**
 * Reads PEM that was given as text or as the path of a file.
 *
 * @throws LeveretError `BAD_PEM` that names the file
 */
export function readPem(value: string): Pem {
  if (value.includes('-----BEGIN')) return { text: value, name: 'the text that was given' };
  try {
    return { text: readFileSync(value, 'utf8'), name: value };
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const reason = isMissing ? 'there is no such file' : String(cause);
    throw bad(`cannot read ${value}: ${reason}; give the path of a PEM file`, cause);
  }
}

/**
 * The first certificate of a file; the others of a chain stand behind it.
 *
 * @throws LeveretError `BAD_PEM` that names the file
 */
export function certificateOf({ text, name }: Pem): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (cause) {
    throw bad(
      `${name} holds no certificate in PEM${text.includes('PRIVATE KEY') ? ', but a key' : ''}`,
      cause,
    );
  }
}

/**
 * The private key in a file.
 *
 * @throws LeveretError `BAD_PEM` that names the file
 */
export function privateKeyOf({ text, name }: Pem): KeyObject {
  if (/ENCRYPTED/.test(text)) throw bad(`the key in ${name} is encrypted: give it without a passphrase`);
  try {
    return createPrivateKey(text);
  } catch (cause) {
    throw bad(
      `${name} holds no private key in PEM${text.includes('CERTIFICATE') ? ', but a certificate' : ''}`,
      cause,
    );
  }
}

/**
 * Checks that a key is that of a certificate.
 *
 * @throws LeveretError `BAD_PEM` that names both files
 */
export function checkKeyPair(cert: Pem, key: Pem): void {
  if (certificateOf(cert).checkPrivateKey(privateKeyOf(key))) return;
  throw bad(
    `the key in ${key.name} does not belong to the certificate in ${cert.name}: give those of one pair`,
  );
}

function bad(message: string, cause?: unknown): LeveretError {
  return new LeveretError('BAD_PEM', message, { cause });
}

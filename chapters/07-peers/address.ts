import { isIPv4, isIPv6 } from 'node:net';
import { PeerError } from './errors.ts';

/** The two halves of an address. */
export interface PeerAddress {
  /** A host name or IP address, in lower case; an IPv6 address has no brackets here. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const NUMBER = /^[1-9][0-9]{0,4}$/;

/**
 * Reads `host:port` or `[ipv6]:port`. Nothing is guessed: no default port, no spaces, no short forms of
 * numbers.
 *
 * @throws {@link PeerError} `BAD_ADDRESS` that says what is wrong
 */
// #region parse
export function parseAddress(text: string): PeerAddress {
  // task 7.1: read an address
  const bad = (why: string) =>
    new PeerError('BAD_ADDRESS', `${JSON.stringify(text)} is not an address: ${why}`, { address: text });

  const colon = text.lastIndexOf(':');
  if (colon < 0) throw bad('it has no port; write it as host:port');
  const port = text.slice(colon + 1);
  if (!NUMBER.test(port) || Number(port) > 65_535) throw bad('the port is a number from 1 to 65535');

  const host = text.slice(0, colon).toLowerCase();
  if (host.startsWith('[') && host.endsWith(']')) {
    const inner = host.slice(1, -1);
    // A zone such as %eth0 means something on one machine only, so it is no part of an address.
    if (!isIPv6(inner) || inner.includes('%')) throw bad('there is no IPv6 address between the brackets');
    return { host: shortest(inner), port: Number(port) };
  }
  if (host.includes(':')) throw bad('an IPv6 address needs brackets, as in [::1]:4000');
  if (!isIPv4(host) && !isHostName(host)) throw bad('the host is neither a name nor an IP address');
  return { host, port: Number(port) };
}
// #endregion parse

/** Writes an address so that {@link parseAddress} reads it back. Equal addresses give equal texts. */
export function formatAddress({ host, port }: PeerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Names of at most 253 characters whose last part is not a number (`300.1.1.1` is no host name). */
function isHostName(host: string): boolean {
  if (host.length === 0 || host.length > 253) return false;
  const labels = host.split('.');
  return labels.every((label) => LABEL.test(label)) && !/^[0-9]+$/.test(labels.at(-1) ?? '');
}

/** One spelling for each IPv6 address: `0:0:0:0:0:0:0:1` and `::1` are the same peer. */
function shortest(ipv6: string): string {
  return new URL(`tcp://[${ipv6}]`).hostname.slice(1, -1);
}

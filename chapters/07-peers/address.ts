import { isIPv4, isIPv6 } from 'node:net';
import { PeerError } from './errors.ts';

/** The two halves of an address. */
export interface PeerAddress {
  /** A host name or IP address, in lower case; an IPv6 address has no brackets here. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

const LABEL = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
/** At most 253 characters, and the last part is not a number (`300.1.1.1` is no host name). */
const HOST_NAME = new RegExp(`^(?=.{1,253}$)(${LABEL}\\.)*(?!\\d+$)${LABEL}$`);
const NUMBER = /^[1-9][0-9]{0,4}$/;

/**
 * Reads `host:port` or `[ipv6]:port`. Nothing is guessed: no default port, no spaces, no short forms of
 * numbers.
 *
 * @throws {@link PeerError} `BAD_ADDRESS` that says what is wrong
 */
// #region parse
export function parseAddress(text: string): PeerAddress {
  // step 7.1: read an address
  const bad = (why: string) => new PeerError('BAD_ADDRESS', text, why);

  const colon = text.lastIndexOf(':');
  if (colon < 0) throw bad('it has no port; write it as host:port');
  const port = text.slice(colon + 1);
  if (!NUMBER.test(port) || Number(port) > 65_535) throw bad('the port is a number from 1 to 65535');

  const name = text.slice(0, colon).toLowerCase();
  const inner = /^\[(.*)\]$/.exec(name)?.[1];
  if (inner === undefined) {
    if (name.includes(':')) throw bad('an IPv6 address needs brackets, as in [::1]:4000');
    if (!isIPv4(name) && !HOST_NAME.test(name)) throw bad('the host is neither a name nor an IP address');
  } else if (!isIPv6(inner) || inner.includes('%')) {
    // A zone such as %eth0 means something on one machine only, so it is no part of an address.
    throw bad('there is no IPv6 address between the brackets');
  }
  const host = inner === undefined ? name : shortest(inner);
  if (host === '0.0.0.0' || host === '::') throw bad('it means all addresses of a machine: name one of them');
  return { host, port: Number(port) };
}
// #endregion parse

/** Writes an address so that {@link parseAddress} reads it back. Equal addresses give equal texts. */
export function formatAddress({ host, port }: PeerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** One spelling for each IPv6 address: `0:0:0:0:0:0:0:1` and `::1` are the same peer. */
function shortest(ipv6: string): string {
  return new URL(`tcp://[${ipv6}]`).hostname.slice(1, -1);
}

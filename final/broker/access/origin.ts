import type { KnownHosts } from './known-hosts.ts';

/** Which pages are welcome. */
export interface PageRules {
  /** Names by which we may be called: a page that came from one of them is our own. */
  readonly hosts: Pick<KnownHosts, 'knows'>;
  /** Further origins whose pages are welcome, by whatever name they call us: `https://app.example`. */
  readonly allowed?: readonly string[];
}

/**
 * Whether a page may make its browser talk to us. A browser says in `Origin` which page asks, and in `Host` whom it asks.
 * Without this check any page that somebody visits could talk to a broker, or read an inspector, on their machine. That
 * both are the same is not enough: a name of somebody else can be made to lead here.
 *
 * @param origin - the header `Origin`; programs that are no browsers send none, and are welcome
 * @param host - the header `Host`: pages from this host and port are welcome, when it is one that we know
 */
export function isWelcomeOrigin(
  origin: string | undefined,
  host: string | undefined,
  { hosts, allowed = [] }: PageRules,
): boolean {
  if (origin === undefined || allowed.includes(origin)) return true;
  try {
    // A URL's host is in small letters; the one in the header may not be.
    return host !== undefined && new URL(origin).host === host.toLowerCase() && hosts.knows(host);
  } catch {
    return false;
  }
}

/**
 * Whether a page may make its browser talk to us. A browser says in `Origin` which page asks, and in `Host` whom it asks.
 * Without this check any page that somebody visits could talk to a broker, or read an inspector, on their machine.
 *
 * @param origin - the header `Origin`; programs that are no browsers send none, and are welcome
 * @param host - the header `Host`: pages from this host and port are welcome
 * @param allowed - further origins that are
 */
export function isWelcomeOrigin(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[] = [],
): boolean {
  if (origin === undefined || allowed.includes(origin)) return true;
  try {
    // A URL's host is in small letters; the one in the header may not be.
    return new URL(origin).host === host?.toLowerCase();
  } catch {
    return false;
  }
}

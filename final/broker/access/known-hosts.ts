import { isIP } from 'node:net';
import { isLoopback } from './exposure.ts';

/**
 * The names by which a listener may be called. A browser says in the header `Host` whom it believes to ask: when that is
 * a name that somebody else made to lead here (DNS rebinding), it is none of these.
 */
export class KnownHosts {
  readonly #names: ReadonlySet<string>;
  readonly #anyAddress: boolean;

  /**
   * @param host - the address that is listened on
   * @param allowed - further names: that of a proxy in front of it, say
   */
  constructor(host: string, allowed: readonly string[] = []) {
    this.#names = new Set([host, ...allowed].map((name) => name.toLowerCase()));
    this.#anyAddress = host === '0.0.0.0' || host === '::';
  }

  /** Whether a `Host` header names this machine, as far as we were told. */
  knows(header: string): boolean {
    const match = /^(\[[0-9a-f:.]+\]|[^:[\]/\\@?#\s]+)(?::\d{1,5})?$/i.exec(header);
    const name = match?.[1]?.replace(/^\[|\]$/g, '').toLowerCase();
    if (name === undefined) return false;
    if (this.#names.has(name) || isLoopback(name)) return true;
    // An address cannot be made to lead elsewhere, as a name can.
    return this.#anyAddress && isIP(name) !== 0;
  }
}

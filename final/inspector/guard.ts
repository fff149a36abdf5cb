import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Grants } from '../broker/access/grants.ts';
import type { KnownHosts } from '../broker/access/known-hosts.ts';
import { isWelcomeOrigin } from '../broker/access/origin.ts';
import type { Broker } from '../broker/broker.ts';
import { STATUS_TOPIC } from '../broker/topics/reserved-names.ts';

/**
 * Sent with every answer. The page may load what comes from here and nothing else; no inline code, no frame around
 * it, and no text becomes markup by accident.
 */
export const SECURITY_HEADERS: OutgoingHttpHeaders = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

/** Why a request is refused. */
export interface Refusal {
  readonly status: 401 | 403 | 421;
  readonly reason: string;
}

/** Decides which requests are answered. */
export class Guard {
  readonly #broker: Broker;
  readonly #hosts: KnownHosts;

  /** @param hosts - the names by which a browser may call it */
  constructor(broker: Broker, hosts: KnownHosts) {
    this.#broker = broker;
    this.#hosts = hosts;
  }

  /**
   * A page of somebody else can make a browser ask us: by a name of its own that it lets lead to this machine (DNS
   * rebinding), or across sites. The first shows in the Host, the second in the Origin or in Sec-Fetch-Site.
   */
  refuseStrangers({ headers }: IncomingMessage): Refusal | undefined {
    const { host = '', origin } = headers;
    if (!this.#hosts.knows(host)) {
      return {
        status: 421,
        reason:
          'this inspector is not known by that name; add it to --allowed-hosts (the option allowedHosts)',
      };
    }
    if (!isWelcomeOrigin(origin, host, { hosts: this.#hosts })) {
      return { status: 403, reason: 'requests from pages of other origins are refused' };
    }
    // Navigating here from elsewhere is fine (a link in a chat); having another page load from here is not.
    const site = headers['sec-fetch-site'];
    const wanted = site === undefined || site === 'same-origin' || site === 'none';
    if (!wanted && headers['sec-fetch-mode'] !== 'navigate') {
      return { status: 403, reason: 'requests across sites are refused' };
    }
    return undefined;
  }

  /** What the sender of a request may do, or why it may not look at this broker's state. */
  identify({ headers }: IncomingMessage): Grants | Refusal {
    const token = tokenOf(headers.authorization);
    const grants = this.#broker.authorize(token);
    if (grants === undefined) {
      return { status: 401, reason: token === '' ? 'a token is needed' : 'this token is not known here' };
    }
    if (!grants.maySubscribe(STATUS_TOPIC)) {
      return { status: 403, reason: `this token may not subscribe to ${STATUS_TOPIC}` };
    }
    return grants;
  }
}

/** The token in a header, which Node reads as Latin-1: most programs send UTF-8. A token may hold spaces. */
function tokenOf(authorization = ''): string {
  const text = /^Bearer +(.+?) *$/i.exec(authorization)?.[1] ?? '';
  const decoded = Buffer.from(text, 'latin1').toString();
  return decoded.includes('\ufffd') ? text : decoded;
}

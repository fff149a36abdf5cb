import { LeveretError } from '#framing';

/** Where a broker is. */
export interface Address {
  readonly protocol: 'leveret:' | 'leverets:' | 'ws:' | 'wss:';
  readonly host: string;
  readonly port: number;
  /** For WebSockets. */
  readonly path: string;
  /** Secret from the URL; undefined if there is none. */
  readonly token: string | undefined;
  /** The address as text, without the token: for messages and logs. */
  readonly text: string;
}

/** The broker's port when the URL names none. */
const DEFAULT_PORT = 7410;
const DEFAULT_PATH = '/leveret';

/**
 * Reads `leveret://[token@]host[:port]`, `leverets://` (TLS), `ws://` or `wss://` (WebSocket).
 *
 * @throws LeveretError `BAD_URL` that says what is wrong with it
 */
export function parseAddress(url: string): Address {
  const match = /^([a-z]+):\/\//i.exec(url);
  const protocol = `${(match?.[1] ?? '').toLowerCase()}:`;
  if (match === null || !isProtocol(protocol)) {
    throw bad(url, 'it begins with leveret://, leverets://, ws:// or wss://');
  }
  let parsed: URL;
  try {
    // The URL class knows hosts and ports only of protocols that it knows.
    const known = protocol === 'leveret:' || protocol === 'ws:' ? 'http://' : 'https://';
    parsed = new URL(known + url.slice(match[0].length));
  } catch (cause) {
    throw bad(url, 'a host, and perhaps a port from 1 to 65535, stands behind the //', cause);
  }
  const { hostname, pathname, search, username, password } = parsed;
  const webSocket = protocol === 'ws:' || protocol === 'wss:';
  if (!webSocket && (pathname !== '/' || search !== '')) throw bad(url, 'nothing stands behind the port');
  // A port that is the default of http disappears from the parsed URL.
  const httpPort = protocol === 'leveret:' || protocol === 'ws:' ? 80 : 443;
  const isGiven = /^[^/?#]*:\d+(?:[/?#]|$)/.test(url.slice(match[0].length));
  const port = parsed.port !== '' ? Number(parsed.port) : isGiven || webSocket ? httpPort : DEFAULT_PORT;
  if (port === 0) throw bad(url, 'port 0 is nobody');
  const secret = decode(url, username) + (password === '' ? '' : `:${decode(url, password)}`);
  const path = pathname === '/' ? DEFAULT_PATH : pathname + search;
  return {
    protocol,
    host: hostname.replace(/^\[|\]$/g, ''),
    port,
    path,
    token: secret === '' ? undefined : secret,
    text: `${protocol}//${hostname}:${port}${webSocket ? path : ''}`,
  };
}

function isProtocol(protocol: string): protocol is Address['protocol'] {
  return protocol === 'leveret:' || protocol === 'leverets:' || protocol === 'ws:' || protocol === 'wss:';
}

function decode(url: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw bad(url, 'a % in a token is written %25', cause);
  }
}

function bad(url: string, why: string, cause?: unknown): LeveretError {
  // What stands before the @ is secret.
  const shown = String(url).replace(/\/\/[^/]*@/, '//…@');
  return new LeveretError('BAD_URL', `"${shown}" is no address of a broker: ${why}`, { cause });
}

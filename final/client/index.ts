/**
 * The client of leveret, for Node: `connect` and what it leads to.
 *
 * @packageDocumentation
 */
import { Client } from './client.ts';
import type { ConnectOptions } from './connect-options.ts';
import { nodePlatform } from './node-platform.ts';

export * from './public.ts';

/**
 * Connects to a broker.
 *
 * @param url - `leveret://[token@]host[:port]`, `leverets://` for TLS, `ws://` or `wss://` for WebSockets; or several of
 * them, of which one after the other is tried
 * @throws LeveretError `BAD_URL`, `REFUSED`, `TLS`, `TIMEOUT`, `ABORTED`; ProtocolError when the broker refuses: `DENIED`, ...
 *
 * @example
 * ```ts
 * await using client = await connect('leveret://127.0.0.1:7410', { name: 'alice' });
 * client.publish('news', 'hello');
 * ```
 */
export function connect(url: string | readonly string[], options: ConnectOptions = {}): Promise<Client> {
  return Client.connect(nodePlatform, url, options);
}

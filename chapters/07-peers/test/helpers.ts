import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { boundPort, listen } from '#framing/net';
import {
  createPeer,
  type Datagram,
  type Peer,
  PeerError,
  type PeerErrorCode,
  type PeerOptions,
} from '#peers';
import { until } from '../../01-framed-echo/test/raw-socket.ts';

/** A peer whose time limits are looked at often, so that tests need not wait. */
export function quickPeer(options: PeerOptions = {}): Promise<Peer> {
  return createPeer({ sweepMs: 5, backoff: { initialMs: 10, maxMs: 40 }, ...options });
}

/** The next `count` datagrams of a peer. */
export async function take(peer: Peer, count: number): Promise<Datagram[]> {
  const taken: Datagram[] = [];
  if (count === 0) return taken;
  for await (const datagram of peer.receive()) {
    taken.push(datagram);
    if (taken.length === count) break;
  }
  return taken;
}

/** The next datagram as text. */
export async function takeText(peer: Peer): Promise<string | undefined> {
  return (await take(peer, 1))[0]?.data.toString();
}

/** Fails unless the promise is rejected with a {@link PeerError} of this code; returns the error. */
export async function rejects(
  promise: Promise<unknown>,
  code: PeerErrorCode,
  sent: 'no' | 'maybe' = 'no',
): Promise<PeerError> {
  const error = await promise.then(
    () => assert.fail(`fulfilled, where ${code} was expected`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof PeerError, `not a PeerError: ${error}`);
  assert.equal(error.code, code, error.message);
  assert.equal(error.sent, sent, error.message);
  return error;
}

/** An address of this machine on which nobody listens. */
export async function deserted(): Promise<string> {
  const server = createServer();
  await listen(server, '127.0.0.1', 0);
  const port = boundPort(server);
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

/** Connections that a peer has opened, is opening or is closing. */
export function outgoing(peer: Peer): number {
  return peer.status().addresses.flatMap(({ connections }) => connections).length;
}

/** The one address in the status of a peer that sends to one address only, its connections counted by what they do. */
export function only(peer: Peer) {
  const [first, ...others] = peer.status().addresses;
  assert.ok(first !== undefined && others.length === 0, 'the peer sends to one address');
  const count = (...states: string[]) => first.connections.filter((state) => states.includes(state)).length;
  return {
    ...first,
    ready: count('idle', 'writing'),
    dialling: count('dialling'),
    writing: count('writing'),
  };
}

/** A clock that tests move, and that tells when a peer has looked at all its time limits again. */
export class TestClock {
  now = 0;
  #reads = 0;

  /** For a peer's options. */
  readonly clock = (): number => {
    this.#reads += 1;
    return this.now;
  };

  /**
   * Resolves when time has been read several times, as each sweep of the peer does. Send nothing meanwhile: a send reads
   * it too.
   */
  async swept(): Promise<void> {
    const enough = this.#reads + 12;
    await until(() => this.#reads >= enough, { what: 'the sweep looks at the clock' });
  }
}

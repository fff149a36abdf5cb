/** A connection that has not said HELLO. */
export interface PendingSession {
  /** Address of the peer, with or without its port; undefined where there is none. */
  readonly remoteAddress: string | undefined;
  /** Ends it: others need its place. */
  makeRoom(): void;
}

/**
 * The connections that have not said HELLO yet. When there are too many, the one that has been silent longest makes room, so
 * nobody keeps newcomers out by saying nothing. If more than half of the places are held from one address, it is one of
 * these: however many connections come from there, others lose no place to them.
 */
export class PendingSessions {
  readonly #max: number;
  // Sets keep the order in which their members came.
  readonly #all = new Map<PendingSession, string>();
  readonly #byPeer = new Map<string, Set<PendingSession>>();
  // Who holds more than half of the places.
  #largest: Set<PendingSession> | undefined;

  /** @param max - how many there may be */
  constructor(max: number) {
    this.#max = max;
  }

  /** How many there are. */
  get size(): number {
    return this.#all.size;
  }

  /** A connection has come. It has its place, if need be that of another one. */
  add(session: PendingSession): void {
    const peer = peerOf(session.remoteAddress);
    const ofPeer = this.#byPeer.get(peer) ?? new Set();
    this.#byPeer.set(peer, ofPeer);
    ofPeer.add(session);
    this.#all.set(session, peer);
    if (ofPeer.size > this.#max / 2) this.#largest = ofPeer;
    if (this.size <= this.#max) return;
    const [oldest] = this.#largest ?? this.#all.keys();
    if (oldest === undefined) return;
    this.delete(oldest);
    oldest.makeRoom();
  }

  /** It has said HELLO, or is gone. */
  delete(session: PendingSession): void {
    const peer = this.#all.get(session);
    if (peer === undefined) return;
    this.#all.delete(session);
    const ofPeer = this.#byPeer.get(peer);
    ofPeer?.delete(session);
    if (ofPeer?.size === 0) this.#byPeer.delete(peer);
    if (ofPeer === this.#largest && ofPeer !== undefined && ofPeer.size <= this.#max / 2) {
      this.#largest = undefined;
    }
  }
}

/** What counts as one peer: an IPv4 address; of an IPv6 address the first half, as one customer has all that begin so. */
export function peerOf(remoteAddress = ''): string {
  const ipv4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)(?::\d+)?$/i.exec(remoteAddress);
  if (ipv4?.[1] !== undefined) return ipv4[1];
  const [front = '', back] = remoteAddress.split('::');
  const groups = front === '' ? [] : front.split(':');
  // Zeros are left out where "::" stands, if anywhere: before it, or among the first four.
  if (back !== undefined) while (groups.length < 4) groups.push('0');
  return groups.slice(0, 4).join(':');
}

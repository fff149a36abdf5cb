import type { Server, Socket } from 'node:net';

/** Bounds of {@link WaitingSockets}. */
export interface WaitingLimits {
  /** How many sockets may wait. */
  readonly max: number;
  /** Milliseconds in which one must have said what it wants. */
  readonly timeoutMs: number;
  /** How often the deadlines are looked at, in milliseconds. */
  readonly sweepIntervalMs: number;
}

interface Waiting {
  readonly socket: Socket;
  /** Monotonic milliseconds. */
  deadline: number;
}

/**
 * The sockets of a server that nobody else counts: they still shake hands, or have not asked for a WebSocket. When there
 * are too many, the one that has waited longest makes room: those who have something to say need it for a moment only,
 * and so nobody keeps them out by saying nothing.
 *
 * A server over TLS accepts one socket and hands out another; so they are known by their addresses.
 */
export class WaitingSockets {
  readonly #limits: WaitingLimits;
  // In the order in which they came, or last asked for something.
  readonly #waiting = new Map<string, Waiting>();
  #timer: NodeJS.Timeout | undefined;

  constructor(server: Server, limits: WaitingLimits) {
    this.#limits = limits;
    server.on('connection', (socket: Socket) => this.#add(socket));
  }

  /** How many there are. */
  get size(): number {
    return this.#waiting.size;
  }

  /** It has become something that is counted elsewhere. */
  release(socket: Socket): void {
    this.#forget(nameOf(socket));
  }

  /** It has asked for something: no deadline holds for it any more, and all others go before it. */
  served(socket: Socket): void {
    const name = nameOf(socket);
    const waiting = this.#waiting.get(name);
    if (waiting === undefined) return;
    this.#waiting.delete(name);
    this.#waiting.set(name, { ...waiting, deadline: Number.POSITIVE_INFINITY });
  }

  /** Ends all. */
  close(): void {
    for (const entry of this.#waiting) this.#cutOff(entry);
  }

  #add(socket: Socket): void {
    const { max, timeoutMs, sweepIntervalMs } = this.#limits;
    const name = nameOf(socket);
    this.#waiting.set(name, { socket, deadline: performance.now() + timeoutMs });
    socket.on('close', () => this.#forget(name, socket));
    if (this.#waiting.size > max) this.#cutOff(this.#waiting.entries().next().value);
    this.#timer ??= setInterval(() => this.#sweep(), sweepIntervalMs).unref();
  }

  #forget(name: string, socket = this.#waiting.get(name)?.socket): void {
    // The system may have given the address to another one already.
    if (this.#waiting.get(name)?.socket !== socket) return;
    this.#waiting.delete(name);
    if (this.#waiting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sweep(): void {
    const now = performance.now();
    for (const entry of this.#waiting) if (entry[1].deadline <= now) this.#cutOff(entry);
  }

  /** Ends one. Its `close` comes later, when others may have come. */
  #cutOff(entry: [string, Waiting] | undefined): void {
    if (entry === undefined) return;
    const [name, { socket }] = entry;
    socket.destroy();
    this.#forget(name, socket);
  }
}

function nameOf({ localAddress, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${remoteAddress} ${remotePort}`;
}

import { connect, type Socket } from 'node:net';
import createDebug from 'debug';
import { Deadline } from '#connections';
import { type Frame, LeveretError } from '#framing';
import { readFrames } from '#framing/net';
import { parseAddress } from './address.ts';
import { explainDial, explainRead, PeerError } from './errors.ts';
import type { PeerSettings } from './options.ts';
import type { PendingSend } from './pending-send.ts';
import * as wire from './wire.ts';

const debug = createDebug('leveret:peers');

/** Where a connection stands. */
export type ConnectionState = 'dialling' | 'idle' | 'writing' | 'closing' | 'closed';

/** What a connection needs from its pool. */
export interface ConnectionHost {
  /** The address to dial. */
  readonly address: string;
  /** The own address, sent in the handshake. */
  readonly from: string;
  readonly settings: PeerSettings;
  /** It has opened, or has just sent `written` datagrams. If it is idle, it takes a batch. */
  free(written: number): void;
  /** Its socket is gone; with an error when that came unasked. */
  closed(connection: Connection, before: ConnectionState, error: PeerError | undefined): void;
}

/** One outgoing connection, from the dial to the close. It has at most one write under way. */
export class Connection {
  readonly #host: ConnectionHost;
  readonly #socket: Socket;
  // For how long it has been in its state, and how long it may be.
  readonly #deadline = new Deadline();
  #limitMs = 0;
  // Invariant: what is under way while `writing`; else it is empty.
  #batch: readonly PendingSend[] = [];
  #ending = false;
  #cause: Error | undefined;
  /** Changed by `#become` alone. */
  state: ConnectionState = 'dialling';
  /** Bytes of the largest datagram that the other side takes; known from the handshake on. */
  maxBytes = 0;

  constructor(host: ConnectionHost) {
    const { address, from, settings } = host;
    this.#host = host;
    this.#become('dialling', settings.connectTimeoutMs);
    this.#socket = connect({ ...parseAddress(address), noDelay: true, keepAlive: true, allowHalfOpen: true });
    this.#socket.write(wire.encodeHello(from));
    this.#socket.on('error', (cause) => this.destroy(cause));
    this.#socket.once('close', () => this.#closed());
    this.#read().catch((cause) => this.destroy(explainRead(cause, address)));
  }

  /** Reads the answer to the handshake. After it the other side has nothing to say, until it ends. */
  async #read(): Promise<void> {
    for await (const frame of readFrames(this.#socket, { limit: wire.HANDSHAKE_LIMIT })) this.#answer(frame);
    this.end();
  }

  #answer({ type, body }: Frame): void {
    if (this.state !== 'dialling') throw new LeveretError('BAD_FRAME', 'an answer after the handshake');
    const maxBytes = type === wire.PeerFrame.Welcome ? wire.decodeWelcome(body) : undefined;
    if (maxBytes !== undefined) {
      this.maxBytes = maxBytes;
      this.#free(0);
    } else if (type === wire.PeerFrame.Refuse) {
      const reason = JSON.stringify(wire.decodeRefuse(body));
      this.destroy(new PeerError('REFUSED', this.#host.address, `it says ${reason}`));
    } else throw new LeveretError('BAD_FRAME', `an answer of type ${type}`);
  }

  /** Writes a batch in one go. The connection must be idle. */
  write(batch: readonly PendingSend[]): void {
    if (batch.length === 0) return;
    this.#become('writing', this.#host.settings.stallTimeoutMs);
    this.#batch = batch;
    this.#socket.write(wire.encodeDatagrams(batch), this.#written);
  }

  // A failed write is told by the socket's close, which comes after it. Beware: when a socket is destroyed, Node
  // calls back the writes that were under way as if they had worked.
  readonly #written = (error?: Error | null): void => {
    if (error || this.#socket.destroyed) return;
    const batch = this.#batch;
    this.#batch = [];
    for (const send of batch) if (send.stage === 'written') send.fulfil();
    this.#free(batch.length);
  };

  #free(written: number): void {
    this.#become('idle', this.#host.settings.idleTimeoutMs);
    if (this.#ending) this.end();
    this.#host.free(written);
  }

  /** Takes no more batches; hangs up when the one under way is written. */
  end(): void {
    this.#ending = true;
    if (this.state === 'dialling') this.destroy();
    if (this.state !== 'idle') return;
    this.#become('closing', this.#host.settings.drainTimeoutMs);
    this.#socket.end();
  }

  /** Hangs up now, whatever is under way. */
  destroy(error?: Error): void {
    this.#cause ??= error;
    this.#socket.destroy();
  }

  /** Applies the time limits; called now and then. */
  // #region check
  check(now: number): void {
    // step 7.6: no state lasts too long
    const { address, settings } = this.#host;
    for (const send of this.#batch) send.check(now, settings.sendTimeoutMs);
    if (!this.#deadline.passed(now, this.#limitMs)) return;
    if (this.state === 'idle') this.end();
    else this.destroy(new PeerError('TIMEOUT', address, `the connection was ${this.state} for too long`));
  }
  // #endregion check

  // #region closed
  #closed(): void {
    // step 7.3: every failure reaches the sender
    const [before, batch, cause, { address }] = [this.state, this.#batch, this.#cause, this.#host];
    this.#become('closed', 0);
    this.#batch = [];
    // A connection that we cut ourselves has a reason with a code; one that broke has the system's error.
    const code = cause instanceof PeerError && cause.code !== 'NOT_A_PEER' ? cause.code : 'DISCONNECTED';
    const broken = new PeerError(code, address, 'the connection broke', cause, 'maybe');
    for (const send of batch) send.fail(broken);
    const failure = before === 'dialling' ? explainDial(cause, address) : broken;
    this.#host.closed(this, before, before === 'closing' ? undefined : failure);
  }
  // #endregion closed

  #become(state: ConnectionState, limitMs: number): void {
    if (debug.enabled) debug('%s is %s', this.#host.address, state);
    this.state = state;
    this.#limitMs = limitMs;
    this.#deadline.restart(this.#host.settings.clock());
  }
}

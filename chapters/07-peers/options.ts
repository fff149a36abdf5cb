import { DEFAULT_FRAME_LIMIT, TYPE_SIZE } from '#framing';
import { checkPort, DEFAULT_HOST } from '#framing/net';
import type { BackoffOptions } from './backoff.ts';

/** Options of {@link createPeer}. Times are in milliseconds. */
export interface PeerOptions {
  /**
   * The IP address or host name to listen on.
   * @defaultValue `127.0.0.1`, this machine only
   */
  readonly host?: string;
  /**
   * The port to listen on; 0 lets the system choose.
   * @defaultValue 0
   */
  readonly port?: number;
  /**
   * The host that others reach this peer under. Needed when it listens on all addresses (`0.0.0.0`, `::`).
   * @defaultValue `host`
   */
  readonly advertise?: string;

  /**
   * Connections to one address, at most. With 1, all datagrams to it stay in order.
   * @defaultValue 4
   */
  readonly poolSize?: number;
  /**
   * A connection with this many bytes to write is busy: datagrams then take another, and one more is opened.
   * @defaultValue 65,536
   */
  readonly busyBytes?: number;
  /**
   * A connection is closed after this long without a datagram.
   * @defaultValue 30,000
   */
  readonly idleTimeout?: number;
  /**
   * Outgoing connections to all addresses, at most. The one that is idle longest makes room.
   * @defaultValue 1,024
   */
  readonly maxConnections?: number;
  /**
   * Addresses that are being sent to or connected to, at most.
   * @defaultValue 10,000
   */
  readonly maxAddresses?: number;
  /**
   * When to dial an address again that could not be reached.
   * @defaultValue 50 ms, doubling up to 5,000 ms
   */
  readonly backoff?: BackoffOptions;

  /**
   * Time for a connection to open and shake hands.
   * @defaultValue 5,000
   */
  readonly connectTimeout?: number;
  /**
   * Time for a send that does not say its own.
   * @defaultValue 10,000
   */
  readonly sendTimeout?: number;
  /**
   * A connection whose write makes no end for this long is given up.
   * @defaultValue 30,000
   */
  readonly stallTimeout?: number;
  /**
   * Time for another peer to say HELLO, or to get one frame across.
   * @defaultValue 10,000
   */
  readonly frameTimeout?: number;
  /**
   * Time for `close()` to send what is under way.
   * @defaultValue 1,000
   */
  readonly drainTimeout?: number;
  /**
   * How often all these times are looked at: none is exact to less than this.
   * @defaultValue 100
   */
  readonly sweepInterval?: number;

  /**
   * The largest datagram, sent or received, in bytes.
   * @defaultValue 1,048,575 (a frame of 1 MiB)
   */
  readonly maxDatagram?: number;
  /**
   * Datagrams that wait for one address, at most.
   * @defaultValue 131,072
   */
  readonly maxQueuedDatagrams?: number;
  /**
   * Bytes that wait for one address, at most, counting 5 bytes of header for each datagram.
   * @defaultValue 67,108,864
   */
  readonly maxQueuedBytes?: number;
  /**
   * Datagrams that wait to be received; then reading stops.
   * @defaultValue 16,384
   */
  readonly maxReceivedDatagrams?: number;
  /**
   * Bytes that wait to be received; then reading stops.
   * @defaultValue 16,777,216
   */
  readonly maxReceivedBytes?: number;
  /**
   * Connections from others, at most.
   * @defaultValue 4,096
   */
  readonly maxIncoming?: number;

  /**
   * The clock for all times: milliseconds that only go forward.
   * @defaultValue `performance.now`
   */
  readonly clock?: () => number;
}

/** All options, with none left open. */
export type ResolvedOptions = Required<Omit<PeerOptions, 'advertise'>> & {
  readonly advertise: string | undefined;
};

/** Fills in the defaults. Throws a RangeError that names the first bad value. */
export function resolveOptions(options: PeerOptions): ResolvedOptions {
  const { host = DEFAULT_HOST, port = 0, advertise, backoff = {} } = options;
  checkPort(port);
  const whole = (name: Whole, fallback: number, max = Number.MAX_SAFE_INTEGER) => {
    const value = options[name] ?? fallback;
    if (Number.isInteger(value) && value >= 1 && value <= max) return value;
    throw new RangeError(`${name} is a whole number from 1 to ${max}, not ${value}`);
  };
  const time = (name: Time, fallback: number) => {
    const value = options[name] ?? fallback;
    if (value > 0) return value;
    throw new RangeError(`${name} is a number of milliseconds above 0, not ${value}`);
  };
  return {
    host,
    port,
    advertise,
    backoff,
    poolSize: whole('poolSize', 4),
    busyBytes: whole('busyBytes', 65_536),
    idleTimeout: time('idleTimeout', 30_000),
    maxConnections: whole('maxConnections', 1_024),
    maxAddresses: whole('maxAddresses', 10_000),
    connectTimeout: time('connectTimeout', 5_000),
    sendTimeout: time('sendTimeout', 10_000),
    stallTimeout: time('stallTimeout', 30_000),
    frameTimeout: time('frameTimeout', 10_000),
    drainTimeout: time('drainTimeout', 1_000),
    sweepInterval: time('sweepInterval', 100),
    maxDatagram: whole('maxDatagram', DEFAULT_FRAME_LIMIT - TYPE_SIZE, 0xffff_fff0),
    maxQueuedDatagrams: whole('maxQueuedDatagrams', 131_072),
    maxQueuedBytes: whole('maxQueuedBytes', 67_108_864),
    maxReceivedDatagrams: whole('maxReceivedDatagrams', 16_384),
    maxReceivedBytes: whole('maxReceivedBytes', 16_777_216),
    maxIncoming: whole('maxIncoming', 4_096),
    clock: options.clock ?? (() => performance.now()),
  };
}

type Time =
  | 'idleTimeout'
  | 'connectTimeout'
  | 'sendTimeout'
  | 'stallTimeout'
  | 'frameTimeout'
  | 'drainTimeout'
  | 'sweepInterval';

type Whole =
  | 'poolSize'
  | 'busyBytes'
  | 'maxConnections'
  | 'maxAddresses'
  | 'maxDatagram'
  | 'maxQueuedDatagrams'
  | 'maxQueuedBytes'
  | 'maxReceivedDatagrams'
  | 'maxReceivedBytes'
  | 'maxIncoming';

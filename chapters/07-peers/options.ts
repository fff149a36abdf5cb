import { DEFAULT_FRAME_LIMIT, type Limit, MAX_TIMEOUT_MS, readLimits, TYPE_SIZE } from '#framing';
import { checkPort, DEFAULT_HOST } from '#framing/net';
import { formatAddress, parseAddress } from './address.ts';
import { type BackoffOptions, readBackoff } from './backoff.ts';

const count = (usual: number): Limit => ({ default: usual, min: 1, max: 1_000_000 });
const duration = (usual: number): Limit => ({ default: usual, min: 1, max: MAX_TIMEOUT_MS });
const bytes = (usual: number): Limit => ({ default: usual, min: 1, max: 0xffff_fff0 });

/** Every limit of a peer; {@link PeerOptions} may set any of them. */
export const PEER_LIMITS = {
  /** Connections to one address. With 1, all datagrams to it stay in order. @defaultValue 4 */
  maxPoolSize: count(4),
  /** Addresses that are being sent to or connected to. Times `maxPoolSize`, it bounds all connections. @defaultValue 256 */
  maxAddresses: count(256),
  /** Connections from others. @defaultValue 4,096 */
  maxIncoming: count(4_096),
  /** A connection is closed after this long without a datagram. @defaultValue 30,000 */
  idleTimeoutMs: duration(30_000),
  /** Time for a connection to open and shake hands. @defaultValue 5,000 */
  connectTimeoutMs: duration(5_000),
  /** Time for a send that does not say its own. @defaultValue 10,000 */
  sendTimeoutMs: duration(10_000),
  /** A connection whose write makes no end for this long is given up. @defaultValue 30,000 */
  stallTimeoutMs: duration(30_000),
  /** Time for another peer to say HELLO, or to get one frame across. @defaultValue 10,000 */
  frameTimeoutMs: duration(10_000),
  /** Time for `close()` to send what is under way, and for a connection to close. @defaultValue 1,000 */
  drainTimeoutMs: duration(1_000),
  /** How often all these times are looked at: none is exact to less than this. @defaultValue 100 */
  sweepMs: duration(100),
  /** The largest datagram that this peer takes, in bytes; senders are told. @defaultValue 1,048,575 (a frame of 1 MiB) */
  maxDatagramBytes: bytes(DEFAULT_FRAME_LIMIT - TYPE_SIZE),
  /** Bytes that wait for one address, each datagram with 128 on top. @defaultValue 67,108,864 */
  maxQueuedBytes: bytes(67_108_864),
  /** Bytes that wait to be received, each datagram with 128 on top; then reading stops. @defaultValue 16,777,216 */
  maxReceivedBytes: bytes(16_777_216),
};

/** The numbers among the options of a peer: all whole, and at least 1. */
export type PeerLimits = { readonly [Name in keyof typeof PEER_LIMITS]: number };

/** Options of {@link createPeer}. Durations end in `Ms` (milliseconds), sizes in `Bytes`; counts begin with `max`. */
export interface PeerOptions extends Partial<PeerLimits> {
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
  /** When to dial an address again that could not be reached. */
  readonly backoff?: BackoffOptions;
  /**
   * The clock for all times: milliseconds that only go forward.
   * @defaultValue `performance.now`
   */
  readonly clock?: () => number;
}

/** All options, checked, with none left open. */
export type PeerSettings = Required<PeerOptions> & { readonly backoff: Required<BackoffOptions> };

/**
 * Checks what was given and fills in the rest.
 *
 * @throws OptionError that names the first bad number
 * @throws {@link PeerError} `BAD_ADDRESS` when others could not reach the peer under its address
 */
export function readOptions(options: PeerOptions): PeerSettings {
  const { host = DEFAULT_HOST, port = 0, advertise = host, clock = () => performance.now() } = options;
  checkPort(port);
  return {
    ...readLimits<keyof PeerLimits>(PEER_LIMITS, options),
    host,
    port,
    // Tried with any port before listening, so that a mistake leaves nothing open.
    advertise: parseAddress(formatAddress({ host: advertise, port: 1 })).host,
    backoff: readBackoff(options.backoff),
    clock,
  };
}

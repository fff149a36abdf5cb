import { LeveretError } from '#framing';

/**
 * Why a datagram was not sent, or a peer could not do what was asked.
 *
 * | code | meaning |
 * | --- | --- |
 * | `BAD_ADDRESS` | the text is not `host:port` or `[ipv6]:port` |
 * | `TOO_LARGE` | the datagram is above this peer's limit, or above that of the peer it is for |
 * | `QUEUE_FULL` | too much waits for that address already, or for too many addresses |
 * | `CANCELLED` | the `AbortSignal` was aborted; its reason is the cause |
 * | `TIMEOUT` | the time for the send, or for opening the connection, is over |
 * | `REFUSED` | nobody listens there, or the peer there takes no more connections |
 * | `UNREACHABLE` | there is no way to that address (no route, unknown host name) |
 * | `NOT_A_PEER` | whoever listens there does not speak this protocol |
 * | `DISCONNECTED` | the connection broke while the datagram was on its way out |
 * | `CLOSED` | this peer was closed |
 * | `INTERNAL` | a fault of this peer; it was logged, and is the cause |
 */
export type PeerErrorCode =
  | 'BAD_ADDRESS'
  | 'TOO_LARGE'
  | 'QUEUE_FULL'
  | 'CANCELLED'
  | 'TIMEOUT'
  | 'REFUSED'
  | 'UNREACHABLE'
  | 'NOT_A_PEER'
  | 'DISCONNECTED'
  | 'CLOSED'
  | 'INTERNAL';

/** Whether the other side may have the datagram although its send failed: see {@link PeerError}. */
export type Sent = 'no' | 'maybe';

/** Something went wrong between peers. Match on `code`. */
export class PeerError extends LeveretError {
  declare readonly code: PeerErrorCode;
  /** The address in question. */
  readonly address: string;
  /**
   * `no`: not a byte of the datagram has left this process, so sending it again cannot double it.
   * `maybe`: it had been given to the operating system in part; it may arrive or not.
   */
  readonly sent: Sent;

  constructor(code: PeerErrorCode, address: string, why: string, cause?: unknown, sent: Sent = 'no') {
    super(code, `${address}: ${why}`, { cause });
    this.address = address;
    this.sent = sent;
  }
}

const REFUSALS = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'];

/** Turns what the operating system says about a failed dial into an error with a code of ours. */
export function explainDial(cause: NodeJS.ErrnoException | undefined, address: string): PeerError {
  if (cause instanceof PeerError) return cause;
  const code = cause?.code ?? 'ECONNRESET';
  const why = code === 'ECONNREFUSED' ? 'nobody listens there' : 'it hung up instead of answering';
  if (REFUSALS.includes(code)) return new PeerError('REFUSED', address, why, cause);
  return new PeerError('UNREACHABLE', address, `no way leads there (${code})`, cause);
}

/**
 * Whose fault it is that reading went wrong. What is no `LeveretError` is a fault of ours: it is logged here, with its
 * stack, and never told as the other side's.
 */
export function explainRead(cause: unknown, address: string): PeerError {
  if (cause instanceof LeveretError) {
    return new PeerError('NOT_A_PEER', address, 'it does not speak as a peer', cause);
  }
  console.error('leveret: internal fault of a peer', cause);
  return new PeerError('INTERNAL', address, 'a fault of ours ended the connection', cause);
}

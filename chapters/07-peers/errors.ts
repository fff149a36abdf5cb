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
  | 'CLOSED';

/** Details of a {@link PeerError}. */
export interface PeerErrorDetails extends ErrorOptions {
  /** The address in question. */
  readonly address: string;
  /**
   * Whether the other side may have the datagram all the same.
   * @defaultValue `no`
   */
  readonly sent?: 'no' | 'maybe';
}

/** Something went wrong between peers. Match on `code`. */
export class PeerError extends LeveretError {
  declare readonly code: PeerErrorCode;
  /** The address in question. */
  readonly address: string;
  /**
   * `no`: not a byte of the datagram has left this process, so sending it again cannot double it.
   * `maybe`: it had been given to the operating system in part; it may arrive or not.
   */
  readonly sent: 'no' | 'maybe';

  constructor(code: PeerErrorCode, message: string, details: PeerErrorDetails) {
    super(code, message, details.cause === undefined ? {} : { cause: details.cause });
    this.address = details.address;
    this.sent = details.sent ?? 'no';
  }
}

/** Turns what the operating system says about a failed dial into an error with a code of ours. */
export function explainDial(cause: NodeJS.ErrnoException | undefined, address: string): PeerError {
  if (cause instanceof PeerError) return cause;
  switch (cause?.code) {
    case 'ECONNREFUSED':
      return new PeerError('REFUSED', `nobody listens on ${address}`, { address, cause });
    case undefined:
    case 'ECONNRESET':
    case 'EPIPE':
      return new PeerError('REFUSED', `${address} hung up instead of answering`, { address, cause });
    case 'ETIMEDOUT':
      return new PeerError('TIMEOUT', `${address} did not answer`, { address, cause });
    default:
      return new PeerError('UNREACHABLE', `no way to ${address} (${cause?.code})`, {
        address,
        cause,
      });
  }
}

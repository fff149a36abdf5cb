import type { CloseReason } from '#connections';
import type { ErrorName } from '#protocol';

/** How a connection that ends with this error is counted. */
export function closeReason(code: ErrorName): CloseReason {
  switch (code) {
    case 'TIMEOUT':
      return 'deadline';
    case 'SLOW':
      return 'slow';
    case 'DENIED':
    case 'FULL':
      return 'denied';
    case 'SHUTDOWN':
      return 'shutdown';
    case 'INTERNAL':
      return 'error';
    default:
      return 'bad-input';
  }
}

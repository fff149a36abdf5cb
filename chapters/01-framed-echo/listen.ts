import type { Server } from 'node:net';
import { LeveretError } from './errors.ts';
import { checkWhole } from './limits.ts';
// step 1.12: listen

/** The loopback address: only programs on the same machine can reach it. */
export const DEFAULT_HOST = '127.0.0.1';

/** Where a server listens. */
export interface ListenOptions {
  /**
   * The address to listen on.
   * @defaultValue `127.0.0.1`, this machine only
   */
  readonly host?: string;
  /**
   * The port to listen on; 0 lets the system choose a free one.
   * @defaultValue 0
   */
  readonly port?: number;
}

// #region listen
/**
 * Checks a port before the operating system sees it.
 *
 * @throws RangeError that names the bad value
 */
export function checkPort(port: number): void {
  checkWhole('port', port, 0, 65_535);
}

/**
 * Starts a server listening, and turns the system's refusals into errors that say
 * what to do.
 *
 * @throws {@link LeveretError} `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
 */
export function listen(
  server: Server,
  host: string,
  port: number,
  // How many connections may wait to be accepted.
  backlog = 511,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const refused = (cause: Error) => reject(explainListenError(cause, host, port));
    server.once('error', refused);
    server.listen({ host, port, backlog }, () => {
      server.off('error', refused);
      resolve();
    });
  });
}

/** The port that a listening server was given. */
export function boundPort(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('the server is not listening on TCP');
  }
  return address.port;
}

function explainListenError(cause: Error, host: string, port: number): LeveretError {
  const code = 'code' in cause ? cause.code : undefined;
  if (code === 'EADDRINUSE') {
    const what = `port ${port} on ${host} is in use: end the program that holds it`;
    const advice = 'or choose another port (0: any free one)';
    return new LeveretError('ADDRESS_IN_USE', `${what}, ${advice}`, { cause });
  }
  const what = `cannot listen on ${host} port ${port} (${code ?? cause.message})`;
  const advice = `choose an address of this machine (${DEFAULT_HOST}) and a port you may use`;
  return new LeveretError('ADDRESS_UNAVAILABLE', `${what}: ${advice}`, { cause });
}
// #endregion listen

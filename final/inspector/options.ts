import { isIP } from 'node:net';
import { checkPort, DEFAULT_HOST } from '#framing/net';
import { checkExposure } from '../broker/access/exposure.ts';
import type { Logger } from '../broker/logger.ts';
import { ERRORS_ONLY } from '../broker/logger.ts';

/** The port of an inspector that was told no other. */
export const DEFAULT_HTTP_PORT = 8890;

/** Options of `startInspector`. */
export interface InspectorOptions {
  /**
   * Address to listen on.
   * @defaultValue 127.0.0.1
   */
  readonly host?: string;
  /**
   * Port to listen on; 0 for any that is free.
   * @defaultValue 8890
   */
  readonly port?: number;
  /** @defaultValue says nothing but errors, on stderr */
  readonly logger?: Logger;
  /**
   * Allow an address that other machines can reach, though anybody may do anything at this broker.
   * @defaultValue false
   */
  readonly insecure?: boolean;
  /**
   * Names, beside `localhost`, by which browsers may call this inspector: those of a proxy in front of it, say.
   * @defaultValue none
   */
  readonly allowedHosts?: readonly string[];
  /**
   * Pages that may watch at the same time, 1 to 1,000; each costs some work at every update.
   * @defaultValue 32
   */
  readonly maxViewers?: number;
}

/** Options with nothing left open. */
export type InspectorSettings = Required<InspectorOptions>;

/**
 * Fills in the defaults.
 *
 * @throws RangeError for a number out of range; LeveretError `INSECURE` for an address that anybody could use
 */
export function readInspectorOptions(options: InspectorOptions, isGuarded: boolean): InspectorSettings {
  const { host = DEFAULT_HOST, port = DEFAULT_HTTP_PORT, logger = ERRORS_ONLY, insecure = false } = options;
  const { allowedHosts = [], maxViewers = 32 } = options;
  checkPort(port);
  if (!Number.isInteger(maxViewers) || maxViewers < 1 || maxViewers > 1000) {
    throw new RangeError(`maxViewers is a whole number from 1 to 1000, not ${maxViewers}`);
  }
  checkExposure(host, isGuarded || insecure);
  return { host, port, logger, insecure, allowedHosts, maxViewers };
}

/** Where a person's browser finds it. */
export function inspectorUrl(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return `http://localhost:${port}/`;
  return `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}/`;
}

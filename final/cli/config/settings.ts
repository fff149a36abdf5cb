import { z } from 'zod';
import type { Limit } from '#framing';
import { DEFAULT_HOST } from '#framing/net';
import { LIMITS } from '../../broker/limits.ts';
import { brokerSchema } from '../../broker/options.ts';
import { bytes, count, duration } from '../../format.ts';
import { LOG_LEVELS } from '../log.ts';
import { unitOf } from './amount.ts';

/** What a configuration of `leveret serve` may hold: the broker's options, and a few of its own. */
export const serveSchema = brokerSchema.extend({
  http: z
    .strictObject({
      host: z.string().min(1).default(DEFAULT_HOST),
      port: z.number().int().min(0).max(65_535),
      allowedHosts: z.array(z.string()).optional(),
    })
    .optional(),
  logLevel: z.enum(LOG_LEVELS).default('info'),
});

/** A configuration with nothing left open. */
export type ServeSettings = z.output<typeof serveSchema>;

/** Names of the limits that `--set` and the environment know. */
export const LIMIT_NAMES: readonly string[] = [...Object.keys(LIMITS), 'slowPolicy', 'memoryPolicy'];

/** How text from a flag or a variable becomes a value. */
export type SettingKind = 'text' | 'number' | 'yes' | 'list' | 'address';

/** A setting that has a flag and a variable of its own. */
export interface Setting {
  /** Name in the file; a dot leads into an object. */
  readonly path: string;
  readonly kind: SettingKind;
  /** As commander takes it. */
  readonly flag: string;
  readonly help: string;
}

/** The settings that are no limits, in the order in which help tells them. */
export const OWN_SETTINGS: readonly Setting[] = [
  { path: 'host', kind: 'text', flag: '--host <address>', help: 'address to listen on (default: 127.0.0.1)' },
  {
    path: 'port',
    kind: 'number',
    flag: '-p, --port <port>',
    help: 'port to listen on; 0: any free one (default: 7410)',
  },
  {
    path: 'http',
    kind: 'address',
    flag: '--http <[host:]port>',
    help: 'start the inspector: its page, /metrics and /healthz',
  },
  {
    path: 'http.allowedHosts',
    kind: 'list',
    flag: '--allowed-hosts <list>',
    help: 'names by which browsers and Prometheus may call the inspector',
  },
  { path: 'ws', kind: 'address', flag: '--ws <[host:]port>', help: 'listen for WebSockets too' },
  { path: 'wss', kind: 'address', flag: '--wss <[host:]port>', help: 'listen for WebSockets over TLS too' },
  { path: 'tlsPort', kind: 'address', flag: '--tls-port <[host:]port>', help: 'listen for TLS too' },
  { path: 'tls.cert', kind: 'text', flag: '--tls-cert <file>', help: 'certificate, in PEM' },
  { path: 'tls.key', kind: 'text', flag: '--tls-key <file>', help: 'key of the certificate, in PEM' },
  {
    path: 'tls.ca',
    kind: 'text',
    flag: '--tls-ca <file>',
    help: 'certificate that those of clients are signed with',
  },
  {
    path: 'tls.requestClientCert',
    kind: 'yes',
    flag: '--client-certs',
    help: 'over TLS, take only clients with a certificate',
  },
  {
    path: 'token',
    kind: 'text',
    flag: '--token <secret>',
    help: 'ask clients for this token; its holders may do everything',
  },
  {
    path: 'insecure',
    kind: 'yes',
    flag: '--insecure',
    help: 'allow a public address though no token is asked for',
  },
  {
    path: 'allowedOrigins',
    kind: 'list',
    flag: '--allowed-origins <list>',
    help: 'web pages, by origin, that may connect by WebSocket',
  },
  {
    path: 'slowPolicy',
    kind: 'text',
    flag: '--slow-policy <policy>',
    help: 'for subscribers beyond their limit: disconnect, skip or block',
  },
  {
    path: 'shutdownDeadlineMs',
    kind: 'number',
    flag: '--shutdown-deadline <time>',
    help: 'time for clients to take what waits at the end (default: 5s)',
  },
  {
    path: 'logLevel',
    kind: 'text',
    flag: '--log-level <level>',
    help: `log lines on stderr: ${LOG_LEVELS.join(', ')} (default: info)`,
  },
];

/** One setting for each limit that is a number: `--max-lag-bytes` for `maxLagBytes`, `--idle` for `idleMs`. */
export const LIMIT_SETTINGS: readonly Setting[] = Object.entries<Limit>(LIMITS).map(([path, limit]) => {
  const unit = unitOf(path);
  const name = path.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const takes = { none: 'n', bytes: 'size', ms: 'time' }[unit];
  const usual = { none: count, bytes, ms: duration }[unit](limit.default);
  return { path, kind: 'number', flag: `--${name} <${takes}>`, help: `default: ${usual}` };
});

/** The settings with flags. */
export const SETTINGS: readonly Setting[] = [...OWN_SETTINGS, ...LIMIT_SETTINGS];

/** The name of a setting's variable: `LEVERET_MAX_LAG_BYTES` for `maxLagBytes`. */
export function variableOf(path: string): string {
  return `LEVERET_${path
    .replaceAll('.', '_')
    .replace(/[A-Z]/g, (letter) => `_${letter}`)
    .toUpperCase()}`;
}

/** The flag of a setting without its value: `--tls-cert`. */
export function flagOf({ flag }: Setting): string {
  return /--[a-z-]+/.exec(flag)?.[0] ?? flag;
}

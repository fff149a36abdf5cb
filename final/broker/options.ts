import { z } from 'zod';
import { LeveretError, type Limit } from '#framing';
import { DEFAULT_HOST } from '#framing/net';
import type { AccessRules } from './access/access.ts';
import { checkExposure } from './access/exposure.ts';
import { LIMITS, type LimitName, type LimitOptions, SLOW_POLICIES } from './limits.ts';

/** The port of a broker that was told no other. */
export const DEFAULT_PORT = 7410;

/** The path of WebSocket listeners that were told no other. */
export const DEFAULT_PATH = '/leveret';

const port = z.number().int().min(0).max(65_535);
const patterns = z.array(z.string().min(1));
const permissions = { publish: patterns.optional(), subscribe: patterns.optional() };

const listener = z.strictObject({
  type: z.enum(['tcp', 'tls', 'ws', 'wss']),
  host: z.string().min(1).default(DEFAULT_HOST),
  port,
  path: z.string().startsWith('/').default(DEFAULT_PATH),
});

const limits = Object.fromEntries(
  Object.entries<Limit>(LIMITS).map(([name, { min, max }]) => [
    name,
    z.number().int().min(min).max(max).optional(),
  ]),
) as Record<LimitName, z.ZodOptional<z.ZodNumber>>;

/** What a configuration may hold. Flags, environment and file are all measured against it. */
export const brokerSchema = z.strictObject({
  host: z.string().min(1).default(DEFAULT_HOST),
  port: port.default(DEFAULT_PORT),
  listeners: z.array(listener).default([]),
  tls: z
    .strictObject({
      cert: z.string().min(1),
      key: z.string().min(1),
      ca: z.string().min(1).optional(),
      requestClientCert: z.boolean().default(false),
    })
    .optional(),
  auth: z
    .strictObject({
      tokens: z
        .array(z.strictObject({ token: z.string().min(1), name: z.string().optional(), ...permissions }))
        .default([]),
      anonymous: z.strictObject(permissions).optional(),
    })
    .optional(),
  allowedOrigins: z.array(z.string()).default([]),
  insecure: z.boolean().default(false),
  /** How often deadlines are looked at, in milliseconds. */
  sweepInterval: z.number().int().min(1).default(500),
  shutdownDeadline: z.number().int().min(0).default(5000),
  ...limits,
  slowPolicy: z.enum(SLOW_POLICIES).optional(),
});

/** Where a broker listens beside its first address. */
export interface ListenerOptions {
  /** Frames over TCP, over TLS, over WebSocket, or over WebSocket and TLS. */
  readonly type: 'tcp' | 'tls' | 'ws' | 'wss';
  /** @defaultValue `127.0.0.1` */
  readonly host?: string | undefined;
  /** 0 lets the system choose a free one. */
  readonly port: number;
  /**
   * Path of a WebSocket.
   * @defaultValue `/leveret`
   */
  readonly path?: string | undefined;
}

/** Certificates, as PEM text or as paths of PEM files. */
export interface TlsSettings {
  readonly cert: string;
  readonly key: string;
  /** What certificates of clients are signed with. */
  readonly ca?: string | undefined;
  /**
   * Take only clients that show a certificate.
   * @defaultValue false
   */
  readonly requestClientCert?: boolean | undefined;
}

/** Options of `createBroker`: its limits, and what follows. Everything may be left out. */
export interface BrokerOptions extends LimitOptions {
  /**
   * The address to listen on.
   * @defaultValue `127.0.0.1`, this machine only
   */
  readonly host?: string | undefined;
  /**
   * The port to listen on; 0 lets the system choose a free one.
   * @defaultValue 7410
   */
  readonly port?: number | undefined;
  /** More addresses to listen on. */
  readonly listeners?: readonly ListenerOptions[] | undefined;
  /** For listeners of the types `tls` and `wss`. TLS 1.2 is the least that is spoken. */
  readonly tls?: TlsSettings | undefined;
  /** Who may come in and what they may do; without it, anybody may do anything. */
  readonly auth?: AccessRules | undefined;
  /** Web pages, by origin, that may connect by WebSocket, beside those from the broker's own address. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /**
   * Allow an address that other machines can reach though no token is asked for.
   * @defaultValue false
   */
  readonly insecure?: boolean | undefined;
  /**
   * How often deadlines are looked at, in milliseconds.
   * @defaultValue 500
   */
  readonly sweepInterval?: number | undefined;
  /**
   * How long clients may take, at the end, to receive what waits for them, in milliseconds.
   * @defaultValue 5,000
   */
  readonly shutdownDeadline?: number | undefined;
}

/** Options with nothing left open. */
export type BrokerSettings = z.output<typeof brokerSchema>;

/** One listener. */
export type ListenerSettings = BrokerSettings['listeners'][number];

/**
 * Checks options and fills in the defaults.
 *
 * @throws LeveretError `BAD_CONFIG` with a line for each mistake, `INSECURE` for a public address that anybody could
 * use
 */
export function readBrokerOptions(given: unknown): BrokerSettings {
  const result = brokerSchema.safeParse(given);
  if (!result.success) {
    const lines = result.error.issues.map(({ path, message }) => {
      const where = path.length === 0 ? 'the configuration' : path.join('.');
      return `  ${where}: ${message}`;
    });
    throw new LeveretError('BAD_CONFIG', `the configuration is not right:\n${lines.join('\n')}`);
  }
  const settings = result.data;
  for (const { type } of settings.listeners) {
    if ((type === 'tls' || type === 'wss') && settings.tls === undefined) {
      throw new LeveretError('BAD_CONFIG', `a listener of type ${type} needs tls.cert and tls.key`);
    }
  }
  const guarded = settings.auth !== undefined || settings.insecure;
  for (const { host } of [settings, ...settings.listeners]) checkExposure(host, guarded);
  return settings;
}

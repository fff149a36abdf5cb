import { z } from 'zod';
import { LeveretError, type Limit } from '#framing';
import { DEFAULT_HOST } from '#framing/net';
import { type AccessRules, isGuarded } from './access/access.ts';
import { checkExposure } from './access/exposure.ts';
import { whyNoToken } from './access/token-text.ts';
import { ConfigError, describeIssue, valueAt } from './config-issue.ts';
import {
  HELLO_BYTES,
  LIMITS,
  type LimitName,
  type LimitOptions,
  MEMORY_POLICIES,
  SLOW_POLICIES,
} from './limits.ts';

/** The port of a broker that was told no other. */
export const DEFAULT_PORT = 7410;

/** The path of WebSocket listeners that were told no other. */
export const DEFAULT_PATH = '/leveret';

/** Times that are no limits of clients, in milliseconds. */
export const TIMES = {
  /** How often deadlines are looked at; they fire up to two of these late. */
  sweepIntervalMs: { default: 500, min: 1, max: 60_000 },
  /** How long clients may take, at the end, to receive what waits for them. */
  shutdownDeadlineMs: { default: 5_000, min: 0, max: 3_600_000 },
} as const satisfies Record<string, Limit>;

const port = z.number().int().min(0).max(65_535);
const patterns = z.array(z.string().min(1));
const permissions = {
  publish: patterns.optional(),
  subscribe: patterns.optional(),
  manage: patterns.optional(),
};

const token = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    const reason = whyNoToken(text);
    if (reason !== undefined) context.addIssue({ code: 'custom', message: reason });
  });

const tokenRule = z
  .strictObject({
    token: token.optional(),
    tokenSha256: z
      .string()
      .regex(/^[\da-f]{64}$/i, 'takes 64 hexadecimal digits: the SHA-256 of a token')
      .optional(),
    name: z.string().optional(),
    ...permissions,
  })
  .superRefine(({ token, tokenSha256 }, context) => {
    if ((token === undefined) !== (tokenSha256 === undefined)) return;
    context.addIssue({ code: 'custom', message: 'takes either token or tokenSha256, one of them' });
  });

const listener = z.strictObject({
  type: z.enum(['tcp', 'tls', 'ws', 'wss']),
  host: z.string().min(1).default(DEFAULT_HOST),
  port,
  path: z.string().startsWith('/').default(DEFAULT_PATH),
});

/** What the options that are numbers may be, by their names. */
export const NUMBERS: ReadonlyMap<string, Limit> = new Map(Object.entries<Limit>({ ...LIMITS, ...TIMES }));

const times = Object.fromEntries(
  Object.entries<Limit>(TIMES).map(([name, { default: usual, min, max }]) => [
    name,
    z.number().int().min(min).max(max).default(usual),
  ]),
) as Record<keyof typeof TIMES, z.ZodDefault<z.ZodNumber>>;

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
      tokens: z.array(tokenRule).default([]),
      anonymous: z.strictObject(permissions).optional(),
    })
    .optional(),
  allowedOrigins: z.array(z.string()).default([]),
  insecure: z.boolean().default(false),
  ...times,
  ...limits,
  slowPolicy: z.enum(SLOW_POLICIES).optional(),
  memoryPolicy: z.enum(MEMORY_POLICIES).optional(),
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
   * Allow an address that other machines can reach though anybody may do anything without a token.
   * @defaultValue false
   */
  readonly insecure?: boolean | undefined;
  /**
   * How often deadlines are looked at, in milliseconds, 1 to 60,000.
   * @defaultValue 500
   */
  readonly sweepIntervalMs?: number | undefined;
  /**
   * How long clients may take, at the end, to receive what waits for them, in milliseconds, 0 to 3,600,000.
   * @defaultValue 5,000
   */
  readonly shutdownDeadlineMs?: number | undefined;
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
    const lines = result.error.issues.flatMap((issue) => {
      const path = issue.path.map(String);
      if (issue.code === 'unrecognized_keys') {
        return issue.keys.map((key) => `${[...path, key].join('.')}: there is no option of this name`);
      }
      const where = path.length === 0 ? 'the configuration' : path.join('.');
      return `${where} ${describeIssue(issue, path, valueAt(given, path), NUMBERS)}`;
    });
    throw new LeveretError('BAD_CONFIG', lines.join('\n'));
  }
  const settings = result.data;
  checkTogether(settings);
  const guarded = isGuarded(settings.auth) || settings.insecure;
  for (const { host } of [settings, ...settings.listeners]) checkExposure(host, guarded);
  return settings;
}

/**
 * What only shows when values are seen together.
 *
 * @throws ConfigError
 */
function checkTogether({ listeners, tls, auth, helloFrameLimit }: BrokerSettings): void {
  for (const [index, { type }] of listeners.entries()) {
    if (tls !== undefined || !(type === 'tls' || type === 'wss')) continue;
    const option = `listeners.${index}`;
    throw new ConfigError(
      option,
      (nameOf) =>
        `${nameOf(option)} needs a certificate: give ${nameOf('tls.cert')} and ${nameOf('tls.key')}`,
    );
  }
  if (tls?.requestClientCert === true && tls.ca === undefined) {
    throw new ConfigError(
      'tls.requestClientCert',
      (nameOf) =>
        `${nameOf('tls.requestClientCert')} needs ${nameOf('tls.ca')}: the certificate that those of clients are signed with`,
    );
  }
  const limit = helloFrameLimit ?? LIMITS.helloFrameLimit.default;
  for (const { token = '' } of auth?.tokens ?? []) {
    const size = HELLO_BYTES + Buffer.byteLength(token);
    if (size <= limit) continue;
    throw new ConfigError(
      'helloFrameLimit',
      (nameOf) =>
        `a token is too long for ${nameOf('helloFrameLimit')} of ${limit}: with it, and a long name, a HELLO has ${size} bytes`,
    );
  }
}

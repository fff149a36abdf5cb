import type { z } from 'zod';
import { LeveretError } from '#framing';
import type { TokenRule } from '../../broker/access/access.ts';
import { tokenSha256 } from '../../broker/access/token.ts';
import { ConfigError, describeIssue, valueAt } from '../../broker/config-issue.ts';
import { readBrokerLimits } from '../../broker/limits.ts';
import { brokerSchema, NUMBERS, readBrokerOptions } from '../../broker/options.ts';
import { TIMES } from '../arguments.ts';
import { usageError } from '../exit-code.ts';
import { didYouMean } from '../terminal.ts';
import { unitOf } from './amount.ts';
import { nameOf, type Origins } from './names.ts';
import { LIMIT_NAMES, SETTINGS, type ServeSettings, serveSchema, variableOf } from './settings.ts';
import { type Entry, entriesOfEnvironment, entriesOfFile, entriesOfFlags, type Flags } from './sources.ts';

/** A configuration, and where each part of it came from. */
export interface LoadedConfig {
  readonly settings: ServeSettings;
  /** What is not the default: its path and its source. */
  readonly origins: Origins;
  /** What may be a mistake. */
  readonly warnings: readonly string[];
}

/** Flags that stand for a listener. */
const LISTENER_PATHS = new Map([
  ['ws', 'ws'],
  ['wss', 'wss'],
  ['tlsPort', 'tls'],
]);

/**
 * Reads flags, environment and file, the first before the others, and checks what they say.
 *
 * @throws CommandError that names each mistake and its source
 */
export function loadConfig(flags: Flags, env: NodeJS.ProcessEnv): LoadedConfig {
  const file = typeof flags.config === 'string' ? flags.config : env.LEVERET_CONFIG;
  const ofFile = file === undefined || file === '' ? [] : entriesOfFile(file);
  const { entries: ofEnvironment, unknown } = entriesOfEnvironment(env);
  const merged = new Map<string, Entry>();
  // Later ones replace earlier ones.
  for (const entry of [...ofFile, ...ofEnvironment, ...entriesOfFlags(flags)]) merged.set(entry.path, entry);
  const { options, origins } = assemble(merged);
  const settings = check(options, origins);
  const names = [...SETTINGS.map(({ path }) => path), ...LIMIT_NAMES].map(variableOf);
  const warnings = unknown.map(
    (name) => `${name} in the environment means nothing here${didYouMean(name, names)}`,
  );
  return { settings, origins, warnings };
}

/** One object of options out of the entries, and for each path in it the source. */
function assemble(entries: ReadonlyMap<string, Entry>): {
  options: Record<string, unknown>;
  origins: Map<string, string>;
} {
  const options = new Map<string, unknown>();
  const tls = new Map<string, unknown>();
  const origins = new Map<string, string>();
  for (const { path, value, from } of entries.values()) {
    if (LISTENER_PATHS.has(path) || path === 'token' || path === 'http.allowedHosts') continue;
    origins.set(path, from);
    if (path.startsWith('tls.')) tls.set(path.slice(4), value);
    else options.set(path, value);
  }
  if (tls.size > 0) options.set('tls', Object.fromEntries(tls));
  const listeners = listOf(options.get('listeners'));
  for (const [path, type] of LISTENER_PATHS) {
    const entry = entries.get(path);
    if (entry === undefined || listeners === undefined) continue;
    origins.set(`listeners.${listeners.length}`, entry.from);
    const address = entry.value;
    if (address === null || typeof address !== 'object') {
      throw usageError(
        `${entry.from} takes a port, or an address and a port such as 127.0.0.1:7411, not "${address}"`,
      );
    }
    listeners.push({ type, ...address });
  }
  if (listeners !== undefined && listeners.length > 0) options.set('listeners', listeners);
  const hosts = entries.get('http.allowedHosts');
  if (hosts !== undefined) {
    const http = options.get('http');
    if (http === undefined)
      throw usageError(`${hosts.from} is for the inspector: start it by ${nameOf('http', origins)}`);
    origins.set('http.allowedHosts', hosts.from);
    // What is no object the check will complain of.
    if (http !== null && typeof http === 'object')
      options.set('http', { ...http, allowedHosts: hosts.value });
  }
  const token = entries.get('token');
  if (token !== undefined) {
    const auth = options.get('auth');
    const rules: { tokens?: unknown } = auth !== null && typeof auth === 'object' ? auth : {};
    const tokens = listOf(rules.tokens);
    if (tokens !== undefined) {
      origins.set(`auth.tokens.${tokens.length}`, token.from);
      options.set('auth', { ...rules, tokens: [...tokens, { token: token.value }] });
    }
  }
  return { options: Object.fromEntries(options), origins };
}

/** A copy of a list, an empty one for none; undefined for what is no list, which the check will complain of. */
function listOf(value: unknown): unknown[] | undefined {
  if (value === undefined) return [];
  return Array.isArray(value) ? [...value] : undefined;
}

function check(options: Record<string, unknown>, origins: Origins): ServeSettings {
  const result = serveSchema.safeParse(options);
  if (!result.success) {
    throw mistakes(result.error.issues.map((issue) => tell(issue, options, origins)));
  }
  const settings = result.data;
  try {
    // What only shows when the values are seen together.
    const { http: _http, logLevel: _level, ...ofBroker } = settings;
    readBrokerOptions(ofBroker);
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof LeveretError)) throw error;
    throw usageError(messageFor(error, origins));
  }
  return settings;
}

function mistakes(lines: readonly string[]): Error {
  if (lines.length === 1) return usageError(lines[0] ?? '');
  return usageError(
    `${lines.length} mistakes in the configuration:\n${lines.map((line) => `  ${line}`).join('\n')}`,
  );
}

type Issue = z.core.$ZodIssue;

/** What is wrong, beginning with where it was said. */
function tell(issue: Issue, options: unknown, origins: Origins): string {
  const path = issue.path.map(String);
  const name = nameOf(path.join('.'), origins);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .map((key) => {
        const from = nameOf([...path, key].join('.'), origins);
        const known = path.length > 0 ? [] : [...Object.keys(brokerSchema.shape), 'http', 'logLevel'];
        return `${from}: there is no option of this name${didYouMean(key, known)}`;
      })
      .join('\n  ');
  }
  const value = valueAt(options, path);
  if (value !== undefined && issue.code === 'invalid_type') {
    const wanted = path.join('.') === 'http' ? ADDRESS : unitOf(path.join('.')) === 'ms' ? TIMES : undefined;
    if (wanted !== undefined && typeof value === 'string') return `${name}: takes ${wanted}, not "${value}"`;
  }
  return `${name}: ${describeIssue(issue, path, value, NUMBERS)}`;
}

const ADDRESS = 'a port, or an address and a port such as 127.0.0.1:8890';

/** The message of a mistake in the broker's options, with their names as they were given. */
export function messageFor(error: Error, origins: Origins): string {
  if (error instanceof ConfigError) return error.messageFor((path) => nameOf(path, origins, error.option));
  const [first = ''] = error.message.split(' ');
  const from = origins.get(first);
  return from === undefined ? error.message : `${from}: ${error.message}`;
}

/**
 * The settings as a file for `--config`, without secrets: tokens as their SHA-256. A key that stands in the configuration
 * itself is left empty, which a broker refuses.
 */
export function printConfig({ settings }: LoadedConfig): string {
  const { auth, tls } = settings;
  const shown = {
    ...settings,
    ...readBrokerLimits(settings),
    ...(auth === undefined ? {} : { auth: { ...auth, tokens: auth.tokens.map(withoutSecret) } }),
    ...(tls?.key.includes('-----BEGIN') ? { tls: { ...tls, key: '' } } : {}),
    http: settings.http ?? false,
  };
  return JSON.stringify(shown, undefined, 2);
}

function withoutSecret(rule: TokenRule): TokenRule {
  const { token, ...rest } = rule;
  return token === undefined ? rest : { tokenSha256: tokenSha256(token), ...rest };
}

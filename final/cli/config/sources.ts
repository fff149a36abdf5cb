import { readFileSync } from 'node:fs';
import { usageError } from '../exit-code.ts';
import { parseAmount, unitOf } from './amount.ts';
import { flagOf, LIMIT_NAMES, SETTINGS, type SettingKind, variableOf } from './settings.ts';

/** One value and where it came from. */
export interface Entry {
  /** Where it belongs; a dot leads into an object. */
  readonly path: string;
  readonly value: unknown;
  /** For people: `--port`, `LEVERET_PORT`, `port in leveret.json`. */
  readonly from: string;
}

/** What was given by flags, as commander hands it out. */
export type Flags = Readonly<Record<string, unknown>>;

const FLAG_KINDS: ReadonlyMap<string, SettingKind> = new Map(SETTINGS.map(({ path, kind }) => [path, kind]));

/** Variables that other commands know, or that name the file. */
const OTHER_VARIABLES: ReadonlySet<string> = new Set(['LEVERET_URL', 'LEVERET_CONFIG']);

/** Entries of a JSON file: one for each key at the top. */
export function entriesOfFile(file: string): Entry[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const reason =
      cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
        ? 'there is no such file'
        : String(cause);
    throw usageError(`cannot read ${file}: ${reason}`);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw usageError(`${file} is not JSON: ${cause instanceof Error ? cause.message : cause}`);
  }
  if (content === null || typeof content !== 'object' || Array.isArray(content)) {
    throw usageError(`${file} must hold a JSON object with options, such as {"port": 7410}`);
  }
  return Object.entries(content).flatMap(([path, value]): Entry[] => {
    const from = `${path} in ${file}`;
    if (path === 'http' && value === false) return [];
    if (path === 'http' && (typeof value === 'number' || typeof value === 'string')) {
      return [{ path, value: parseHostAndPort(String(value)), from }];
    }
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return [{ path, value, from }];
    // So that a flag can replace one of its members.
    const members = Object.entries(value).map(([key, member]): Entry => {
      return { path: `${path}.${key}`, value: member, from: `${path}.${key} in ${file}` };
    });
    if (path === 'tls') return members;
    if (path !== 'http') return [{ path, value, from }];
    // A flag replaces its host and port together.
    const { allowedHosts: _hosts, ...address } = value as { allowedHosts?: unknown };
    return [
      { path, value: address, from },
      ...members.filter((member) => member.path === 'http.allowedHosts'),
    ];
  });
}

/** Entries of the environment; and the variables that begin with LEVERET_ and mean nothing. */
export function entriesOfEnvironment(env: NodeJS.ProcessEnv): { entries: Entry[]; unknown: string[] } {
  const known = new Map([...FLAG_KINDS.keys(), ...LIMIT_NAMES].map((path) => [variableOf(path), path]));
  // As people call them who think of the flag: LEVERET_CLIENT_CERTS.
  for (const setting of SETTINGS) known.set(variableOf(optionName(flagOf(setting))), setting.path);
  const entries: Entry[] = [];
  const unknown: string[] = [];
  for (const [name, text = ''] of Object.entries(env)) {
    if (!name.startsWith('LEVERET_') || OTHER_VARIABLES.has(name) || text === '') continue;
    const path = known.get(name);
    if (path === undefined) unknown.push(name);
    else entries.push({ path, value: readText(path, text), from: name });
  }
  return { entries, unknown };
}

/** Entries of the flags, `--set name=value` among them. */
export function entriesOfFlags(flags: Flags): Entry[] {
  const entries: Entry[] = [];
  for (const setting of SETTINGS) {
    const value = flags[optionName(flagOf(setting))];
    if (value !== undefined) {
      const { path } = setting;
      entries.push({
        path,
        value: typeof value === 'string' ? readText(path, value) : value,
        from: flagOf(setting),
      });
    }
  }
  for (const text of Array.isArray(flags.set) ? flags.set.map(String) : []) {
    const at = text.indexOf('=');
    if (at < 1) throw usageError(`--set takes name=value, such as --set maxLagBytes=64MiB, not "${text}"`);
    const path = text.slice(0, at);
    entries.push({ path, value: readText(path, text.slice(at + 1)), from: `--set ${path}` });
  }
  return entries;
}

/** The name under which commander keeps a flag. */
function optionName(flag: string): string {
  return flag.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Turns text into what the setting takes; text that it does not take stays, for the check to complain of. */
function readText(path: string, text: string): unknown {
  const kind = FLAG_KINDS.get(path) ?? (path.endsWith('Policy') ? 'text' : 'number');
  switch (kind) {
    case 'number':
      return parseAmount(text, unitOf(path)) ?? text;
    case 'yes':
      if (/^(1|true|yes|on)$/i.test(text)) return true;
      return /^(0|false|no|off)$/i.test(text) ? false : text;
    case 'list':
      return text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
    case 'address':
      return parseHostAndPort(text);
    default:
      return text;
  }
}

/** Reads `8890`, `0.0.0.0:8890` or `[::]:8890`; what is none of them stays text. */
function parseHostAndPort(text: string): unknown {
  const match = /^(?:(\[[\da-f:]+\]|[^:[\]]+):)?(\d{1,6})$/i.exec(text.trim());
  if (match === null) return text;
  const [, host, port] = match;
  return { ...(host === undefined ? {} : { host: host.replace(/^\[|\]$/g, '') }), port: Number(port) };
}

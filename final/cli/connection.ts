import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { type Client, type ConnectOptions, connect } from '../client/index.ts';
import { usageError } from './terminal.ts';

/** The broker that commands talk to when they are told no other. */
export const DEFAULT_URL = 'leveret://127.0.0.1:7410';

/** Flags that every command that talks to a broker takes. */
export interface ServerFlags {
  readonly server?: string;
  readonly token?: string;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

/** Adds the flags by which a broker is found. */
export function addServerFlags(command: Command): Command {
  return command
    .option(
      '-s, --server <url>',
      `leveret://, leverets:// (TLS), ws:// or wss://; else LEVERET_URL, else ${DEFAULT_URL}`,
    )
    .option(
      '--token <secret>',
      'shown to the broker; else LEVERET_TOKEN, which nobody sees in the list of processes',
    )
    .option('--tls-ca <file>', 'certificate to trust instead of the well-known ones, in PEM')
    .option('--tls-cert <file>', "the client's own certificate, in PEM")
    .option('--tls-key <file>', "key of the client's own certificate, in PEM");
}

/** Connects as the flags and the environment say. */
export function openClient(flags: ServerFlags, options: ConnectOptions): Promise<Client> {
  const { LEVERET_URL, LEVERET_TOKEN } = process.env;
  const url = flags.server ?? (LEVERET_URL || DEFAULT_URL);
  const token = flags.token ?? LEVERET_TOKEN ?? '';
  const tls = {
    ...read('--tls-ca', 'ca', flags.tlsCa),
    ...read('--tls-cert', 'cert', flags.tlsCert),
    ...read('--tls-key', 'key', flags.tlsKey),
  };
  return connect(url, { token, tls, ...options });
}

function read(flag: string, name: string, path: string | undefined): Record<string, string> {
  if (path === undefined) return {};
  try {
    return { [name]: readFileSync(path, 'utf8') };
  } catch {
    throw usageError(`${flag}: cannot read ${path}: give the path of a PEM file`);
  }
}

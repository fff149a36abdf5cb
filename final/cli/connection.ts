import type { Command } from 'commander';
import { type Client, type ConnectOptions, connect } from '../client/index.ts';
import { certificateOf, checkKeyPair, type Pem, readPem } from '../pem.ts';
import { usageError } from './exit-code.ts';

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
  const tls = readTls(flags);
  return connect(url, { token, tls, ...options });
}

/** Reads and checks what `--tls-ca`, `--tls-cert` and `--tls-key` name. */
function readTls({ tlsCa, tlsCert, tlsKey }: ServerFlags): { ca?: string; cert?: string; key?: string } {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw usageError('--tls-cert and --tls-key are a pair: give both');
  }
  const ca = tlsCa === undefined ? undefined : checked('--tls-ca', tlsCa, certificateOf);
  if (tlsCert === undefined || tlsKey === undefined) return ca === undefined ? {} : { ca: ca.text };
  const cert = checked('--tls-cert', tlsCert, certificateOf);
  const key = checked('--tls-key', tlsKey, (pem) => checkKeyPair(cert, pem));
  return { ...(ca === undefined ? {} : { ca: ca.text }), cert: cert.text, key: key.text };
}

function checked(flag: string, path: string, check: (pem: Pem) => void): Pem {
  try {
    const pem = readPem(path);
    check(pem);
    return pem;
  } catch (error) {
    throw usageError(`${flag}: ${error instanceof Error ? error.message : error}`);
  }
}

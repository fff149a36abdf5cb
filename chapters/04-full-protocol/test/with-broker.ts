/** A test that talks to a broker of its own over raw sockets. */
import { test } from 'node:test';
import type { StartBroker, StartOptions } from './conversation-suite.ts';
import { RawClient } from './raw-client.ts';

/** What a conversation gets. */
export interface Talk {
  readonly host: string;
  readonly port: number;
  /** Open a connection and say nothing. */
  open(): Promise<RawClient>;
  /** Open a connection that has been welcomed. */
  hello(): Promise<RawClient>;
  /** End the broker before the test ends. */
  close(): Promise<void>;
}

/** Milliseconds after which a test has failed. */
export const TIMEOUT = 30_000;

/** Register a conversation as a test: it gets a broker of its own, and everything is closed behind it. */
export function conversation(
  title: string,
  start: StartBroker,
  options: StartOptions,
  talk: (talk: Talk) => Promise<void>,
): void {
  test(title, { timeout: TIMEOUT }, async () => {
    const broker = await start(options);
    const clients: RawClient[] = [];
    const { host, port } = broker;
    const keep = (client: RawClient) => {
      clients.push(client);
      return client;
    };
    try {
      await talk({
        host,
        port,
        open: async () => keep(await RawClient.open({ host, port }, { allowHalfOpen: true })),
        hello: async () => keep(await RawClient.hello({ host, port }, { allowHalfOpen: true })),
        close: () => broker.close(),
      });
    } finally {
      await Promise.all(clients.map((client) => client.close()));
      await broker.close();
    }
  });
}

/** A text's bytes in hexadecimal behind a length of one byte. */
export function text8(text: string): string {
  const bytes = Buffer.from(text);
  return `${bytes.length.toString(16).padStart(2, '0')}${bytes.toString('hex')}`;
}

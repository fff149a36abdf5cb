/** A test that talks to a broker of its own over raw sockets. */
import { test } from 'node:test';
import { RawClient } from './conversation-client.ts';
import type { Level, StartOptions, Subject } from './conversation-suite.ts';
import { TIMEOUT } from './patience.ts';

/** What a conversation gets. */
export interface Talk {
  readonly host: string;
  readonly port: number;
  /** Opens a connection and says nothing. */
  open(): Promise<RawClient>;
  /** Opens a connection that has been welcomed. */
  hello(): Promise<RawClient>;
  /** Ends the broker before the test ends. */
  close(): Promise<void>;
}

type Conversation = (talk: Talk) => Promise<void>;

/** Registers a conversation of the core as a test: it gets a broker of its own, and everything is closed behind it. */
export function conversation(
  title: string,
  subject: Subject,
  options: StartOptions,
  talk: Conversation,
): void {
  register('core', title, subject, () => converse(subject, options, talk));
}

/** Registers a conversation that only a product must be able to have. */
export function productConversation(
  title: string,
  subject: Subject,
  options: StartOptions,
  talk: Conversation,
): void {
  if (subject.level === 'product')
    register('product', title, subject, () => converse(subject, options, talk));
}

/** Registers a test, and counts it. */
export function register(level: Level, title: string, subject: Subject, run: () => Promise<void>): void {
  subject.had[level] += 1;
  test(title, { timeout: TIMEOUT }, async () => {
    await run();
    subject.passed[level] += 1;
  });
}

async function converse({ start }: Subject, options: StartOptions, talk: Conversation): Promise<void> {
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
}

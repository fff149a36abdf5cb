import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { Client, Message, Skipped, Subscription } from '../client/index.ts';
import { count, duration } from '../format.ts';
import { time, wholeNumber } from './arguments.ts';
import { addServerFlags, openClient, type ServerFlags } from './connection.ts';
import { addExamples } from './examples.ts';
import { CommandError, usageError } from './exit-code.ts';
import { formatMessage, type MessageFormat } from './message-format.ts';
import { onInterrupt, print, whenAborted } from './terminal.ts';
import { printable } from './text.ts';

type Start = 'earliest' | 'latest' | { readonly after: number };

interface SubFlags extends ServerFlags {
  readonly from?: Start;
  readonly group?: string;
  readonly window?: number;
  readonly json?: boolean;
  readonly raw?: boolean;
  readonly count?: number;
  readonly timeout?: number;
  readonly quiet?: boolean;
}

/** Adds `leveret sub`. */
export function addSub(program: Command): void {
  const command = program
    .command('sub')
    .summary('print messages as they come')
    .description(
      'Print the messages of topics, or of patterns: "*" is any one token between dots, ">" any number at the end.',
    )
    .argument('<topic...>', 'topics or patterns; quote them, for shells know "*" and ">" too')
    .option('--from <start>', 'earliest, latest, or an id to go on after', readStart)
    .option('-g, --group <name>', 'share the messages with all who name this group')
    .option(
      '-w, --window <n>',
      'most messages delivered and not yet printed; each is committed once it is printed',
      wholeNumber(0, 65_535),
    )
    .option('-j, --json', 'one JSON object in a line')
    .option('-r, --raw', 'the payloads alone, byte for byte, each with a line end')
    .option('-n, --count <n>', 'end after so many messages', wholeNumber(1))
    .option(
      '-t, --timeout <time>',
      'end after so long, such as 10s; with --count it is a failure not to have had them all',
      time,
    )
    .option('-q, --quiet', 'nothing on stderr but errors');
  addServerFlags(command).action(sub);
  addExamples(command, [
    { says: 'all that comes', run: 'leveret sub news', staysUpAfter: /subscribed to news/ },
    {
      says: 'ten messages that were kept, and the end',
      run: 'leveret sub numbers --from earliest --count 10',
    },
    {
      says: 'everything below sensors, as JSON',
      run: "leveret sub 'sensors.>' --json",
      staysUpAfter: /subscribed to sensors/,
    },
    {
      says: 'one of several workers',
      run: 'leveret sub jobs --group workers --window 10',
      staysUpAfter: /subscribed to jobs/,
    },
    { says: 'the broker itself', run: "leveret sub '$sys.status' --raw --count 1" },
    { says: 'quiet in pipes', run: 'leveret sub numbers --from earliest --count 1000 | head -3' },
  ]);
}

function readStart(text: string): Start {
  if (text === 'earliest' || text === 'latest') return text;
  if (/^\d{1,16}$/.test(text)) return { after: Number(text) };
  throw new InvalidArgumentError('It takes earliest, latest, or the id to go on after.');
}

async function sub(topics: string[], flags: SubFlags): Promise<void> {
  if (flags.json === true && flags.raw === true)
    throw usageError('--json and --raw are two formats: give one of them');
  const signal = onInterrupt();
  const client = await openClient(flags, { name: 'leveret sub', signal });
  const ended = new AbortController();
  const timer = flags.timeout === undefined ? undefined : setTimeout(() => ended.abort(), flags.timeout);
  const stop = AbortSignal.any([signal, ended.signal]);
  const printer = new Printer(flags, () => ended.abort());
  try {
    if (flags.quiet !== true) tellStatus(client);
    const { from, group, window } = flags;
    const subscriptions = await Promise.all(
      [...new Set(topics)].map((topic) =>
        client.subscribe(topic, {
          signal,
          ...(from === undefined ? {} : { from }),
          ...(group === undefined ? {} : { group }),
          ...(window === undefined ? {} : { window }),
          // A small number of them is enough, and what was asked for is all that is taken from a group.
          ...(flags.count === undefined ? {} : { prefetch: Math.min(flags.count, 8_192) }),
          onSkipped: (skipped) => process.stderr.write(`${skippedLine(skipped)}\n`),
        }),
      ),
    );
    if (flags.quiet !== true) process.stderr.write(`subscribed to ${topics.map(printable).join(', ')}\n`);
    const unsubscribing = whenAborted(stop).then(() => subscriptions.map((each) => each.unsubscribe()));
    unsubscribing.then((all) => Promise.allSettled(all)).catch(() => {});
    await Promise.all(subscriptions.map((subscription) => printer.printAll(subscription)));
    if (!stop.aborted) {
      const error = await Promise.race(subscriptions.map((subscription) => subscription.ended));
      if (error !== undefined) throw error;
    }
  } finally {
    clearTimeout(timer);
    await client.close({ deadline: 1_000 });
  }
  if (printer.isDone) return;
  if (flags.count !== undefined) {
    signal.throwIfAborted();
    const missing = `${count(printer.printed)} of ${count(flags.count)} messages came`;
    throw new CommandError(`${missing} within ${duration(flags.timeout ?? 0)}`);
  }
}

/** Prints messages at the speed at which they are read. */
class Printer {
  printed = 0;
  readonly #format: MessageFormat;
  readonly #most: number;
  readonly #commits: boolean;
  readonly #onDone: () => void;

  constructor({ json, raw, count: most, window }: SubFlags, onDone: () => void) {
    this.#format = json === true ? 'json' : raw === true ? 'raw' : 'readable';
    this.#most = most ?? Number.POSITIVE_INFINITY;
    this.#commits = window !== undefined && window > 0;
    this.#onDone = onDone;
  }

  /** True when all that was asked for has been printed. */
  get isDone(): boolean {
    return this.printed >= this.#most;
  }

  async printAll(subscription: Subscription): Promise<void> {
    for await (const batch of subscription.batches()) {
      const wanted = batch.slice(0, this.#most - this.printed);
      if (wanted.length > 0) {
        this.printed += wanted.length;
        await print(Buffer.concat(wanted.map((message) => formatMessage(message, this.#format))));
        if (this.#commits) commitEach(subscription, wanted);
      }
      if (this.isDone) {
        this.#onDone();
        return;
      }
    }
  }
}

/** A commit settles a topic up to a message; a pattern has many topics. */
function commitEach(subscription: Subscription, messages: readonly Message[]): void {
  const last = new Map(messages.map((message) => [message.topic, message]));
  for (const message of last.values()) subscription.commit(message);
}

function tellStatus(client: Client): void {
  client.on('error', (error) => process.stderr.write(`leveret: ${error.message}\n`));
  client.on('status', ({ status, error, attempt, url }) => {
    if (status === 'reconnecting' && attempt === 1) {
      process.stderr.write(`leveret: ${error?.message ?? 'the connection was lost'}: trying to come back\n`);
    }
    if (status === 'connected') process.stderr.write(`leveret: connected to ${url}\n`);
  });
}

function skippedLine({ topic, reason, fromId, toId }: Skipped): string {
  const name = printable(topic);
  if (reason === 'epoch') return `leveret: ${name}: the broker has begun anew; what it had is gone`;
  if (reason === 'unknown') return `leveret: ${name}: messages may be missing, for the connection was lost`;
  const ids = fromId === toId ? `message ${fromId}` : `messages ${fromId} to ${toId}`;
  return `leveret: ${name}: skipped ${ids}, which the broker no longer has`;
}

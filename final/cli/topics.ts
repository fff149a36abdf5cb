import { type Command, Option } from 'commander';
import type { Client } from '../client/index.ts';
import { duration } from '../format.ts';
import { TOPICS_TOPIC, type TopicSummary } from '../index.ts';
import { time } from './arguments.ts';
import { addServerFlags, openClient, type ServerFlags } from './connection.ts';
import { addExamples } from './examples.ts';
import { CommandError } from './exit-code.ts';
import { onInterrupt, print } from './terminal.ts';
import { formatTopics } from './topic-table.ts';

interface TopicsFlags extends ServerFlags {
  readonly json?: boolean;
  readonly timeout: number;
}

/** Adds `leveret topics`. */
export function addTopics(program: Command): void {
  const command = program
    .command('topics')
    .summary('list the topics')
    .description('List the topics of the broker (the first thousand, in the order in which they were made).')
    .option('-j, --json', 'one JSON object in a line')
    .addOption(
      new Option('-t, --timeout <time>', 'how long to wait for the list')
        .argParser(time)
        .default(5_000, '5s'),
    );
  addServerFlags(command).action(async (flags: TopicsFlags) => {
    const signal = onInterrupt();
    const client = await openClient(flags, { name: 'leveret topics', reconnect: false, signal });
    try {
      const topics = (await firstOf(client, TOPICS_TOPIC, flags.timeout, signal)) as TopicSummary[];
      if (flags.json === true) await print(topics.map((topic) => `${JSON.stringify(topic)}\n`).join(''));
      else if (topics.length === 0)
        process.stderr.write('There are no topics: the first message, or subscriber, makes one.\n');
      else await print(`${formatTopics(topics, 'name', process.stdout.columns).join('\n')}\n`);
    } finally {
      await client.close({ deadline: signal.aborted ? 0 : 1_000 });
    }
  });
  addExamples(command, [
    { says: 'as a table', run: 'leveret topics' },
    { says: 'for programs', run: 'leveret topics --json' },
  ]);
}

/** The first message of a topic, as JSON. */
export async function firstOf(
  client: Client,
  topic: string,
  timeout: number,
  signal: AbortSignal,
): Promise<unknown> {
  const tooLate = AbortSignal.timeout(timeout);
  const stop = AbortSignal.any([signal, tooLate]);
  const subscription = await client.subscribe(topic, { signal: stop });
  stop.addEventListener('abort', () => void subscription.unsubscribe().catch(() => {}), { once: true });
  for await (const message of subscription) return message.json();
  signal.throwIfAborted();
  const error = stop.aborted ? undefined : await subscription.ended;
  throw (
    error ??
    new CommandError(
      `nothing came from ${topic} within ${duration(timeout)}: is the broker overloaded, or an older one?`,
    )
  );
}

import { type Command, Option } from 'commander';
import type { Client, TopicInfo } from '../client/index.ts';
import { bytes, count, duration, plural } from '../format.ts';
import { time, topicName, wholeNumber } from './arguments.ts';
import { addServerFlags, openClient, type ServerFlags } from './connection.ts';
import { addExamples } from './examples.ts';
import { onInterrupt, print } from './terminal.ts';
import { printable } from './text.ts';

interface CreateFlags extends ServerFlags {
  readonly retention: number;
  readonly dedupe: number;
}

interface PurgeFlags extends ServerFlags {
  readonly upTo?: number;
}

interface InfoFlags extends ServerFlags {
  readonly json?: boolean;
}

/** What one of the commands does with the broker. Returns the lines to print. */
type Act<Flags> = (client: Client, topic: string, flags: Flags, signal: AbortSignal) => Promise<string>;

/** Adds `leveret topic` and the commands below it. */
export function addTopic(program: Command): void {
  const topic = program
    .command('topic')
    .summary('create, delete, purge or look at one topic')
    .description('Create, delete, purge or look at one topic.');
  const create = add<CreateFlags>(topic, 'create', createTopic)
    .summary('give a topic a retention and a dedupe window')
    .description(
      'Create a topic with settings of its own. Where there is one already that got none, it gets them. It stays until it ' +
        'is deleted; a topic that nobody has created comes by its use, and vanishes when it holds nothing.',
    );
  for (const [flags, what] of [
    ['--retention <time>', 'how long messages are kept for subscribers to come'],
    ['--dedupe <time>', 'how long a second message with the same key is dropped'],
  ] as const)
    create.addOption(new Option(flags, what).argParser(time).default(0, 'not at all'));
  add(topic, 'delete', deleteTopic)
    .summary('take a topic away, with all that it holds')
    .description(
      'Delete a topic: its messages, its settings, its keys and the places of groups. Nothing is asked back. Who subscribes ' +
        'to it stays subscribed and is told what will never come; ids go on when the topic is used again.',
    );
  add<PurgeFlags>(topic, 'purge', purgeTopic)
    .summary('take away messages of a topic')
    .description(
      'Take away the messages of a topic, all or those up to an id. Settings and subscribers stay.',
    )
    .option('--up-to <id>', 'the last id to be taken away (default: all)', wholeNumber(1));
  add<InfoFlags>(topic, 'info', infoOf)
    .summary('what a topic holds')
    .description('Tell what a topic holds: its settings, its ids, its bytes, and how many read it.')
    .option('-j, --json', 'one JSON object in a line');
  addExamples(topic, [
    {
      says: 'messages are kept for an hour, and a key counts once in ten seconds',
      run: 'leveret topic create invoices --retention 1h --dedupe 10s',
    },
    { says: 'what it holds', run: 'leveret topic info invoices' },
    { says: 'the same for programs', run: 'leveret topic info invoices --json' },
    { says: 'what has been dealt with up to id 41 may go', run: 'leveret topic purge invoices --up-to 41' },
    { says: 'no more invoices', run: 'leveret topic delete invoices' },
  ]);
}

/** Adds one of the commands below `leveret topic`. */
function add<Flags extends ServerFlags>(parent: Command, name: string, act: Act<Flags>): Command {
  const command = parent.command(name).argument('<topic>', 'name of the topic', topicName);
  return addServerFlags(command).action(async (topic: string, flags: Flags) => {
    const signal = onInterrupt();
    const client = await openClient(flags, { name: `leveret topic ${name}`, reconnect: false, signal });
    try {
      await print(await act(client, topic, flags, signal));
    } finally {
      await client.close({ deadline: signal.aborted ? 0 : 1_000 });
    }
  });
}

async function createTopic(
  client: Client,
  topic: string,
  { retention, dedupe }: CreateFlags,
  signal: AbortSignal,
): Promise<string> {
  await client.createTopic(topic, { retentionMs: retention, dedupeMs: dedupe, signal });
  return `${printable(topic)} has ${settingsOf({ retentionMs: retention, dedupeMs: dedupe })}\n`;
}

async function deleteTopic(
  client: Client,
  topic: string,
  _: ServerFlags,
  signal: AbortSignal,
): Promise<string> {
  const info = await client.topicInfo(topic, { signal });
  await client.deleteTopic(topic, { signal });
  return `deleted ${printable(topic)}: it had ${messagesOf(info)}, and ${settingsOf(info)}\n`;
}

async function purgeTopic(
  client: Client,
  topic: string,
  { upTo }: PurgeFlags,
  signal: AbortSignal,
): Promise<string> {
  const before = await client.topicInfo(topic, { signal });
  await client.purgeTopic(topic, { signal, ...(upTo === undefined ? {} : { upTo }) });
  const after = await client.topicInfo(topic, { signal });
  return `purged ${printable(topic)}: it had ${messagesOf(before)}, now ${messagesOf(after)}\n`;
}

async function infoOf(
  client: Client,
  topic: string,
  { json }: InfoFlags,
  signal: AbortSignal,
): Promise<string> {
  const info = await client.topicInfo(topic, { signal });
  if (json === true) return `${JSON.stringify(info)}\n`;
  const rows = [
    ['topic', printable(topic)],
    ['messages', messagesOf(info)],
    ['ids', info.lastId === 0 ? 'none yet' : `up to ${count(info.lastId)}`],
    ['log', bytes(info.logBytes)],
    ['readers', count(info.readers)],
    ['retention', timeOf(info.retentionMs)],
    ['dedupe', timeOf(info.dedupeMs)],
  ];
  return rows.map(([name = '', value = '']) => `${name.padEnd(9)}  ${value}\n`).join('');
}

/** `3 messages (ids 5 to 7)`. */
function messagesOf({ firstId, lastId }: TopicInfo): string {
  const messages = lastId - firstId + 1;
  if (messages === 0) return 'no messages';
  return `${plural(messages, 'message')} (${messages === 1 ? `id ${count(lastId)}` : `ids ${count(firstId)} to ${count(lastId)}`})`;
}

function settingsOf({ retentionMs, dedupeMs }: Pick<TopicInfo, 'retentionMs' | 'dedupeMs'>): string {
  return `${retentionMs === 0 ? 'no retention' : `a retention of ${duration(retentionMs)}`} and ${dedupeMs === 0 ? 'no dedupe window' : `a dedupe window of ${duration(dedupeMs)}`}`;
}

function timeOf(milliseconds: number): string {
  return milliseconds === 0 ? 'none' : duration(milliseconds);
}

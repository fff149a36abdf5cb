import { createReadStream, statSync } from 'node:fs';
import type { Command } from 'commander';
import { bytes, count, duration, plural } from '../format.ts';
import { time, topicName } from './arguments.ts';
import { addServerFlags, openClient, type ServerFlags } from './connection.ts';
import { addExamples } from './examples.ts';
import { CommandError, usageError } from './exit-code.ts';
import { readAll, readLines } from './lines.ts';
import { Progress } from './progress.ts';
import { type Outgoing, Publication } from './publication.ts';
import { onInterrupt } from './terminal.ts';

/** Without a connection for so long, `pub` gives up: a script must come to an end. */
const GIVE_UP_MS = 30_000;

interface PubFlags extends ServerFlags {
  readonly file?: string;
  readonly whole?: boolean;
  readonly key?: string;
  readonly splitKey?: string;
  readonly confirm?: boolean;
  readonly retention?: number;
  readonly dedupe?: number;
  readonly quiet?: boolean;
}

/** Adds `leveret pub`. */
export function addPub(program: Command): void {
  const command = program
    .command('pub')
    .summary('publish messages')
    .description('Publish each argument as a message; without any, or with "-", each line of the input.')
    .argument('<topic>', 'where to', topicName)
    .argument('[message...]', 'what; "-" stands for the lines of the input')
    .option('-f, --file <file>', 'publish the lines of this file')
    .option('--whole', 'publish the input, or the file, as one message')
    .option('-k, --key <key>', 'key of all messages: their name for dedupe')
    .option('--split-key <separator>', 'lines are KEY, separator, MESSAGE')
    .option('-c, --confirm', 'wait until the broker has confirmed each message, and count duplicates')
    .option('--retention <time>', 'make the topic keep messages for so long, such as 10s or 1h', time)
    .option('--dedupe <time>', 'make the topic drop messages whose key came within so long', time)
    .option('-q, --quiet', 'no progress, no summary');
  addServerFlags(command).action(pub);
  addExamples(command, [
    { says: 'two messages', run: 'leveret pub news "good morning" "good night"' },
    {
      says: 'each line of another program, kept for an hour',
      run: 'seq 1000 | leveret pub numbers --retention 1h',
    },
    {
      says: 'keys by which a second one is dropped',
      run: 'printf "a=1\\na=1\\nb=2\\n" | leveret pub orders --split-key = --dedupe 1min --confirm',
    },
    { says: 'a file as one message', run: 'leveret pub files --whole --file package.json' },
  ]);
}

async function pub(topic: string, messages: string[], flags: PubFlags): Promise<void> {
  if (flags.key !== undefined && flags.splitKey !== undefined) {
    throw usageError('--key and --split-key say different things: give one of them');
  }
  if (flags.file !== undefined && messages.length > 0) {
    throw usageError('messages come from arguments or from --file, not from both');
  }
  if (messages.indexOf('-') !== messages.lastIndexOf('-')) {
    throw usageError('"-" can stand only once: the input has one end');
  }
  if (flags.splitKey === '') throw usageError('--split-key takes a separator, such as = or a tab');
  const signal = onInterrupt();
  const client = await openClient(flags, {
    name: 'leveret pub',
    reconnect: { maxTimeMs: GIVE_UP_MS },
    signal,
  });
  const quiet = flags.quiet === true;
  const began = performance.now();
  try {
    const { retention, dedupe } = flags;
    if (retention !== undefined || dedupe !== undefined) {
      await client.createTopic(topic, { retentionMs: retention ?? 0, dedupeMs: dedupe ?? 0 });
    }
    const publication = new Publication(client, topic, {
      oneByOne: flags.confirm === true,
      dedupes: dedupe !== undefined && dedupe > 0,
      signal,
      say: (line) => quiet || process.stderr.write(`leveret: ${line}\n`),
    });
    const cutter = new Cutter(flags);
    try {
      if (messages.length > 0 && !messages.includes('-')) await publication.publish(cutter.cutAll(messages));
      else await sendInput(publication, cutter, messages, flags, client.maxFrameSize);
      await publication.finish();
    } catch (error) {
      const { report } = publication;
      if (report !== undefined) process.stderr.write(`leveret: ${report}\n`);
      throw error;
    }
    if (!quiet)
      process.stderr.write(`${summary(publication, cutter.bytes, performance.now() - began, flags)}\n`);
  } finally {
    await client.close({ deadline: signal.aborted ? 0 : 5_000 });
  }
}

function summary(
  { confirmed, duplicates, perhapsTwice }: Publication,
  size: number,
  elapsed: number,
  flags: PubFlags,
): string {
  const rate = confirmed < 100 ? '' : `, ${count((confirmed * 1000) / elapsed)}/s`;
  const said = flags.confirm === true ? 'confirmed' : 'published';
  const dropped =
    duplicates === 0 || flags.confirm !== true ? '' : `; ${plural(duplicates, 'duplicate')} dropped`;
  const twice =
    perhapsTwice === 0
      ? ''
      : `; the connection was lost: ${plural(perhapsTwice, 'message')} may be there twice`;
  return `${plural(confirmed, 'message')} ${said} (${bytes(size)} in ${duration(elapsed)}${rate})${dropped}${twice}`;
}

/** Publishes arguments, and lines where the "-" stands. */
async function sendInput(
  publication: Publication,
  cutter: Cutter,
  messages: string[],
  flags: PubFlags,
  limit: number,
): Promise<void> {
  const before = messages.indexOf('-');
  await publication.publish(cutter.cutAll(messages.slice(0, Math.max(0, before))));
  const input = flags.file === undefined ? process.stdin : openFile(flags.file);
  if (flags.file === undefined && process.stdin.isTTY && flags.quiet !== true) {
    process.stderr.write('Type messages, one in a line; Ctrl-D ends.\n');
  }
  const total = flags.file === undefined ? 0 : statSync(flags.file).size;
  const typed = flags.file === undefined && process.stdin.isTTY;
  const progress = new Progress(total === 0 ? 'messages' : 'bytes', total, flags.quiet !== true && !typed);
  try {
    if (flags.whole === true) await publication.publish(cutter.cutAll([await readAll(input, limit)]));
    else {
      let read = 0;
      for await (const lines of readLines(input, limit)) {
        for (const line of lines) read += line.length + 1;
        await publication.publish(cutter.cutAll(lines));
        progress.update(total === 0 ? publication.given : read);
      }
    }
  } finally {
    progress.end();
    input.destroy();
  }
  const behind = before < 0 ? [] : messages.slice(before + 1);
  await publication.publish(cutter.cutAll(behind));
}

function openFile(file: string): NodeJS.ReadStream | ReturnType<typeof createReadStream> {
  try {
    if (statSync(file).isDirectory()) throw usageError(`--file: ${file} is a folder: give a file`);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw usageError(`--file: cannot read ${file}: is there such a file?`);
  }
  return createReadStream(file, { highWaterMark: 262_144 });
}

/** Makes messages of texts and lines: with the key that the flags give, or that stands before a separator. */
class Cutter {
  /** Bytes of the payloads so far. */
  bytes = 0;
  readonly #flags: PubFlags;
  #messages = 0;

  constructor(flags: PubFlags) {
    this.#flags = flags;
  }

  cutAll(texts: readonly (string | Buffer)[]): Outgoing[] {
    return texts.map((text) => {
      const outgoing = this.#cut(typeof text === 'string' ? Buffer.from(text) : text);
      this.#messages++;
      this.bytes += outgoing.payload.length;
      return outgoing;
    });
  }

  #cut(line: Buffer): Outgoing {
    const { key = '', splitKey } = this.#flags;
    if (splitKey === undefined) return { payload: line, key };
    const at = line.indexOf(splitKey);
    if (at < 0) {
      throw new CommandError(
        `message ${this.#messages + 1} has no "${splitKey}" that ends its key, as --split-key says`,
      );
    }
    return { payload: line.subarray(at + Buffer.byteLength(splitKey)), key: line.toString('utf8', 0, at) };
  }
}

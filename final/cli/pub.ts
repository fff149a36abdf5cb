import { createReadStream, statSync } from 'node:fs';
import type { Command } from 'commander';
import type { Client } from '../client/index.ts';
import { bytes, count, duration, plural } from '../format.ts';
import { time, topicName } from './arguments.ts';
import { addServerFlags, openClient, type ServerFlags } from './connection.ts';
import { addExamples } from './examples.ts';
import { CommandError, usageError } from './exit-code.ts';
import { readAll, readLines } from './lines.ts';
import { Progress } from './progress.ts';
import { onInterrupt } from './terminal.ts';

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

/** One message to be published. */
interface Outgoing {
  readonly payload: Buffer;
  readonly key: string;
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
  if (flags.splitKey === '') throw usageError('--split-key takes a separator, such as = or a tab');
  const signal = onInterrupt();
  const client = await openClient(flags, { name: 'leveret pub', reconnect: false, signal });
  try {
    const { retention, dedupe } = flags;
    if (retention !== undefined || dedupe !== undefined) {
      await client.createTopic(topic, { retentionMs: retention ?? 0, dedupeMs: dedupe ?? 0 });
    }
    const publication = new Publication(client, topic, flags, signal);
    if (messages.length > 0 && !messages.includes('-')) {
      for (const message of messages) await publication.send(message);
    } else {
      await sendInput(publication, messages, flags, client.maxFrameSize);
    }
    await publication.finish();
  } finally {
    await client.close({ deadline: signal.aborted ? 0 : 5_000 });
  }
}

/** Publishes arguments, and lines where the "-" stands. */
async function sendInput(
  publication: Publication,
  messages: string[],
  flags: PubFlags,
  limit: number,
): Promise<void> {
  const before = messages.indexOf('-');
  for (const message of messages.slice(0, Math.max(0, before))) await publication.send(message);
  const input = flags.file === undefined ? process.stdin : openFile(flags.file);
  if (flags.file === undefined && process.stdin.isTTY && flags.quiet !== true) {
    process.stderr.write('Type messages, one in a line; Ctrl-D ends.\n');
  }
  const total = flags.file === undefined ? 0 : statSync(flags.file).size;
  const typed = flags.file === undefined && process.stdin.isTTY;
  const progress = new Progress(total === 0 ? 'messages' : 'bytes', total, flags.quiet !== true && !typed);
  try {
    if (flags.whole === true) await publication.send(await readAll(input, limit));
    else {
      let read = 0;
      for await (const lines of readLines(input, limit)) {
        for (const line of lines) {
          publication.publish(line);
          read += line.length + 1;
          if (publication.mustWait) await publication.room();
        }
        progress.update(total === 0 ? publication.sent : read);
      }
    }
  } finally {
    progress.end();
    input.destroy();
  }
  for (const message of before < 0 ? [] : messages.slice(before + 1)) {
    if (message === '-') throw usageError('"-" can stand only once: the input has one end');
    await publication.send(message);
  }
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

/** Publishes at the speed that the connection takes, and counts. */
class Publication {
  sent = 0;
  readonly #client: Client;
  readonly #topic: string;
  readonly #flags: PubFlags;
  readonly #signal: AbortSignal;
  readonly #began = performance.now();
  #bytes = 0;
  #duplicates = 0;
  #failure: unknown;

  constructor(client: Client, topic: string, flags: PubFlags, signal: AbortSignal) {
    this.#client = client;
    this.#topic = topic;
    this.#flags = flags;
    this.#signal = signal;
    client.on('error', (error) => this.#fail(error));
  }

  /** Publishes one message; resolves when there is room for the next. */
  async send(text: string | Buffer): Promise<void> {
    this.publish(typeof text === 'string' ? Buffer.from(text) : text);
    if (this.mustWait) await this.room();
  }

  /** Publishes one message at once. */
  publish(line: Buffer): void {
    this.#throwIfFailed();
    const { payload, key } = this.#cut(line);
    if (this.#flags.confirm === true) {
      this.#client.publish(this.#topic, payload, { key, confirm: true }).then(
        ({ id }) => {
          if (id === undefined) this.#duplicates++;
        },
        (error: unknown) => this.#fail(error),
      );
    } else this.#client.publish(this.#topic, payload, { key });
    this.sent++;
    this.#bytes += payload.length;
  }

  /** True when the next message should wait for {@link room}. */
  get mustWait(): boolean {
    return !this.#client.writable;
  }

  /** Resolves when there is room for the next message. */
  room(): Promise<void> {
    return this.#client.ready({ signal: this.#signal });
  }

  /** Resolves when the broker has dealt with everything; tells how it went. */
  async finish(): Promise<void> {
    await this.#client.flush({ signal: this.#signal });
    this.#throwIfFailed();
    if (this.#flags.quiet === true) return;
    const elapsed = performance.now() - this.#began;
    const rate = this.sent < 100 ? '' : `, ${count((this.sent * 1000) / elapsed)}/s`;
    const duplicates = this.#duplicates === 0 ? '' : `; ${plural(this.#duplicates, 'duplicate')} dropped`;
    const said = this.#flags.confirm === true ? 'confirmed' : 'published';
    process.stderr.write(
      `${plural(this.sent, 'message')} ${said} (${bytes(this.#bytes)} in ${duration(elapsed)}${rate})${duplicates}\n`,
    );
  }

  #cut(line: Buffer): Outgoing {
    const { key = '', splitKey } = this.#flags;
    if (splitKey === undefined) return { payload: line, key };
    const at = line.indexOf(splitKey);
    if (at < 0) {
      throw new CommandError(
        `message ${this.sent + 1} has no "${splitKey}" that ends its key, as --split-key says`,
      );
    }
    return { payload: line.subarray(at + Buffer.byteLength(splitKey)), key: line.toString('utf8', 0, at) };
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
  }

  #throwIfFailed(): void {
    this.#signal.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
  }
}

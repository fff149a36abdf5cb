import { spawn } from 'node:child_process';
import { type Command, Option } from 'commander';
import type { Message } from '../client/index.ts';
import { plural } from '../format.ts';
import { time, topicName, wholeNumber } from './arguments.ts';
import { addServerFlags, openClient, type ServerFlags } from './connection.ts';
import { codeOf } from './errors.ts';
import { addExamples } from './examples.ts';
import { usageError } from './exit-code.ts';
import { readAll } from './lines.ts';
import { formatMessage } from './message-format.ts';
import { onInterrupt, print, whenAborted } from './terminal.ts';
import { printable } from './text.ts';

interface RequestFlags extends ServerFlags {
  readonly timeout: number;
  readonly json?: boolean;
}

interface RespondFlags extends ServerFlags {
  readonly reply?: string;
  readonly group?: string;
  readonly concurrency: number;
  readonly quiet?: boolean;
}

/** Adds `leveret request`. */
export function addRequest(program: Command): void {
  const command = program
    .command('request')
    .summary('ask, and print the reply')
    .description('Publish a request and print the first reply.')
    .argument('<topic>', 'where somebody responds', topicName)
    .argument('[message]', 'the request; "-": all of the input', '')
    .addOption(
      new Option('-t, --timeout <time>', 'how long to wait for a reply').argParser(time).default(5_000, '5s'),
    )
    .option('-j, --json', 'print the reply as a JSON object');
  addServerFlags(command).action(async (topic: string, message: string, flags: RequestFlags) => {
    const signal = onInterrupt();
    const client = await openClient(flags, { name: 'leveret request', reconnect: false, signal });
    try {
      const payload = message === '-' ? await readAll(process.stdin, client.maxFrameSize) : message;
      const reply = await client.request(topic, payload, { timeout: flags.timeout, signal });
      await print(formatMessage(reply, flags.json === true ? 'json' : 'raw'));
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      await client.close({ deadline: signal.aborted ? 0 : 1_000 });
    }
  });
  addExamples(command, [
    { says: 'ask whoever responds to "time"', run: 'leveret request time' },
    {
      says: 'a longer request from the input, more patience',
      run: 'echo hello | leveret request shout - --timeout 30s',
    },
  ]);
}

/** Adds `leveret respond`. */
export function addRespond(program: Command): void {
  const command = program
    .command('respond')
    .summary('answer requests with a text or a program')
    .description(
      'Answer the requests to a topic. A program gets the request on its input, and what it prints is the reply. It is ' +
        'started as it stands here, without a shell: no request can add to it.',
    )
    .argument('<topic>', 'requests to what', topicName)
    .argument('[program...]', 'after "--": a program and its arguments, started for each request')
    .option('--reply <text>', 'always reply with this text')
    .option('-g, --group <name>', 'each request goes to one of those who name this group')
    .option('--concurrency <n>', 'requests that are worked on at the same time', wholeNumber(1, 1_000), 4)
    .option('-q, --quiet', 'nothing on stderr but errors');
  addServerFlags(command).action(respond);
  addExamples(command, [
    { says: 'tell the time', run: 'leveret respond time -- date -u', staysUpAfter: /responding to time/ },
    {
      says: 'capitals; one of several',
      run: 'leveret respond shout --group shouters -- tr a-z A-Z',
      staysUpAfter: /responding to shout/,
    },
    { says: 'always the same', run: 'leveret respond ping --reply pong', staysUpAfter: /responding to ping/ },
  ]);
}

async function respond(topic: string, program: string[], flags: RespondFlags): Promise<void> {
  const { reply, group, concurrency, quiet } = flags;
  const [file, ...args] = program;
  if ((file === undefined) === (reply === undefined)) {
    throw usageError('give either a program after "--", such as: leveret respond time -- date, or --reply');
  }
  const signal = onInterrupt();
  const client = await openClient(flags, { name: 'leveret respond', signal });
  let dropped = 0;
  try {
    const answer = (request: Message): string | Promise<Buffer> =>
      file === undefined ? (reply ?? '') : runProgram(file, args, request.payload, signal);
    const subscription = await client.respond(topic, answer, {
      concurrency,
      ...(group === undefined ? {} : { group }),
      onError: (error) => {
        // Anybody may send as many of these as they like: one line for all of them, at the end.
        if (codeOf(error) === 'BAD_REQUEST') dropped++;
        else complain(error instanceof Error ? error.message : String(error));
      },
    });
    if (quiet !== true) process.stderr.write(`responding to ${printable(topic)}\n`);
    const error = await Promise.race([whenAborted(signal), subscription.ended]);
    if (error instanceof Error) throw error;
  } finally {
    await client.close({ deadline: 1_000 });
    if (dropped > 0)
      complain(`${plural(dropped, 'request')} dropped: the key of each named no inbox for the reply`);
  }
}

function complain(text: string): void {
  process.stderr.write(`leveret: ${printable(text)}\n`);
}

/** Most bytes of a reply that are taken from a program. */
const MAX_REPLY = 1_048_576;

/** Runs a program on a request; what it prints is the reply, without the line end behind it. */
function runProgram(file: string, args: string[], input: Uint8Array, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'], signal });
    const pieces: Buffer[] = [];
    let size = 0;
    child.stdout.on('data', (piece: Buffer) => {
      size += piece.length;
      if (size > MAX_REPLY) child.kill();
      else pieces.push(piece);
    });
    // A program may end without having read its input.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.on('error', (error) => reject(new Error(`cannot run ${file}: ${error.message}`)));
    child.on('close', (code, killed) => {
      if (size > MAX_REPLY) reject(new Error(`${file} replied with more than ${MAX_REPLY} bytes`));
      else if (code !== 0) reject(new Error(`${file} ended with ${code ?? killed}`));
      else resolve(withoutLineEnd(Buffer.concat(pieces)));
    });
  });
}

function withoutLineEnd(bytes: Buffer): Buffer {
  return bytes.at(-1) === 10 ? bytes.subarray(0, bytes.at(-2) === 13 ? -2 : -1) : bytes;
}

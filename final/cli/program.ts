import { Command, CommanderError } from 'commander';
import pc from 'picocolors';
import { addBench } from './bench.ts';
import { codeOf } from './errors.ts';
import { EXIT_MEANINGS, exitCodeOf, Interrupted, signalCode } from './exit-code.ts';
import { addPub } from './pub.ts';
import { addRequest, addRespond } from './request.ts';
import { addServe } from './serve.ts';
import { addSub } from './sub.ts';
import { endQuietlyWithReader, explain, interruptedBy } from './terminal.ts';
import { addTop } from './top.ts';
import { addTopic } from './topic.ts';
import { addTopics } from './topics.ts';
import { VERSION } from './version.ts';

/** All commands. */
export function createProgram(): Command {
  const program = new Command('leveret')
    .description('A publish/subscribe message broker, and the tools to talk to it.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .showSuggestionAfterError()
    .exitOverride()
    .configureHelp({
      styleTitle: (text) => pc.bold(text),
      helpWidth: Math.min(process.stdout.columns ?? 100, 110),
    })
    .configureOutput({
      outputError: (text, write) =>
        write(text.replace(/^error: /, 'leveret: ').replace(/\n\(Did you/, ' (Did you')),
    })
    .addHelpText(
      'after',
      [
        '',
        pc.bold('Environment:'),
        '  LEVERET_URL     the broker that commands talk to (default: leveret://127.0.0.1:7410)',
        '  LEVERET_TOKEN   the token that is shown to it; for serve: the token that is asked for',
        '  NO_COLOR        no colours',
        '  DEBUG           leveret:* shows what happens inside',
        '',
        pc.bold('Exit codes:'),
        ...EXIT_MEANINGS.map(([codes, meaning]) => `  ${codes.padEnd(14)}  ${meaning}`),
      ].join('\n'),
    );
  for (const add of [addServe, addPub, addSub, addRequest, addRespond, addTopics, addTopic, addTop, addBench])
    add(program);
  return program;
}

/** Runs the command line to its end, and says how it went by the exit code. */
export async function run(argv: readonly string[]): Promise<void> {
  endQuietlyWithReader();
  const program = createProgram();
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    end(error);
  }
}

function end(error: unknown): void {
  const signal = interruptedBy();
  const isInterrupted = error instanceof Interrupted || (signal !== undefined && codeOf(error) === 'ABORTED');
  // Help, version and what is wrong with the words of a command: commander has printed it.
  if (!(isInterrupted || error instanceof CommanderError))
    process.stderr.write(`leveret: ${explain(error)}\n`);
  process.exitCode = isInterrupted && signal !== undefined ? signalCode(signal) : exitCodeOf(error);
}

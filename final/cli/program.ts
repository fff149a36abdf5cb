import { Command, CommanderError } from 'commander';
import pc from 'picocolors';
import { addBench } from './bench.ts';
import { codeOf } from './errors.ts';
import { addPub } from './pub.ts';
import { addRequest, addRespond } from './request.ts';
import { addServe } from './serve.ts';
import { addSub } from './sub.ts';
import {
  CommandError,
  EXIT,
  endQuietlyWithReader,
  explain,
  Interrupted,
  interruptedBy,
  signalCode,
} from './terminal.ts';
import { addTop } from './top.ts';
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
        '  0  done    1  it did not work    2  mistyped    130, 143  interrupted',
      ].join('\n'),
    );
  for (const add of [addServe, addPub, addSub, addRequest, addRespond, addTopics, addTop, addBench])
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
  if (error instanceof CommanderError) {
    // Help and version are errors to commander, which has printed what there was to say.
    const asked =
      error.code === 'commander.helpDisplayed' ||
      error.code === 'commander.help' ||
      error.code === 'commander.version';
    process.exitCode = asked && error.exitCode === 0 ? EXIT.OK : EXIT.USAGE;
    return;
  }
  if (error instanceof Interrupted) {
    process.exitCode = signalCode(error.signal);
    return;
  }
  const signal = interruptedBy();
  if (signal !== undefined && codeOf(error) === 'ABORTED') {
    process.exitCode = signalCode(signal);
    return;
  }
  process.stderr.write(`leveret: ${explain(error)}\n`);
  process.exitCode = error instanceof CommandError ? error.exitCode : EXIT.FAILURE;
}

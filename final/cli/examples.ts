import type { Command } from 'commander';
import pc from 'picocolors';

/** A line that a reader may type, shown in the help and run by the tests. */
export interface Example {
  /** What it does. */
  readonly says: string;
  /** For a shell. */
  readonly run: string;
  /** For those that stay up: what they print when they are ready to be interrupted. */
  readonly staysUpAfter?: RegExp;
}

/** Examples by command, for the help and for the tests. */
export const EXAMPLES = new Map<string, readonly Example[]>();

/** Puts examples below the help of a command. */
export function addExamples(command: Command, examples: readonly Example[]): Command {
  EXAMPLES.set(command.name(), examples);
  // Where a command is made of others, each shows its own.
  for (const below of command.commands) {
    const start = `leveret ${command.name()} ${below.name()} `;
    showExamples(
      below,
      examples.filter(({ run }) => run.startsWith(start)),
    );
  }
  return showExamples(command, examples);
}

function showExamples(command: Command, examples: readonly Example[]): Command {
  return command.addHelpText('after', () => {
    const lines = examples.flatMap(({ says, run }) => [pc.dim(`  # ${says}`), `  ${run}`]);
    return ['', pc.bold('Examples:'), ...lines].join('\n');
  });
}

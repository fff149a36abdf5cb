import { parseArgs } from 'node:util';
import { UsageError } from '../terminal.ts';

/** What every file of this folder that is a bench exports as `bench`. */
export interface Bench {
  /** What follows `npm run bench --`; also the marker in docs/benchmarks.md. */
  readonly name: string;
  /** One line for the list. */
  readonly summary: string;
  /** One line for each option beyond --quick and --record, for `--help`. */
  readonly options?: readonly string[];
  /** Measure and print; `args` is what followed the name. */
  run(args: string[]): Promise<void>;
}

/** The options that every bench has. */
export interface CommonOptions {
  /** Fewer and shorter rounds: for a first look, not for a comparison. */
  readonly quick: boolean;
  /** Write the figures into docs/benchmarks.md. */
  readonly record: boolean;
}

/** Parse a bench's arguments: `--quick`, `--record`, and its own options, each of which takes a value. */
export function benchOptions<Name extends string>(
  args: readonly string[],
  names: readonly Name[] = [],
): CommonOptions & { readonly values: Partial<Record<Name, string>> } {
  const own = names.map((name) => [name, { type: 'string' }] as const);
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { quick: { type: 'boolean' }, record: { type: 'boolean' }, ...Object.fromEntries(own) },
    });
    const given = new Map<string, string | boolean | undefined>(Object.entries(values));
    const texts = names.flatMap((name) => {
      const value = given.get(name);
      return typeof value === 'string' ? [[name, value] as const] : [];
    });
    return {
      quick: values.quick === true,
      record: values.record === true,
      values: Object.fromEntries(texts) as Partial<Record<Name, string>>,
    };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** A list of whole numbers from 1 on, "1,10,100". */
export function numbers(option: string, text: string): number[] {
  return text.split(',').map((part) => {
    const value = Number(part);
    if (!Number.isInteger(value) || value < 1) {
      throw new UsageError(`--${option} takes whole numbers from 1 on, such as 1,10,100; not "${text}"`);
    }
    return value;
  });
}

/** A number of seconds, more than 0. */
export function seconds(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new UsageError(`--${option} takes a number of seconds above 0, not "${text}"`);
  return value;
}

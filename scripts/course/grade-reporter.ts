/**
 * A reporter for node:test that tells of the first failure and ends the process there: a test that comes after it may hang, on the same
 * mistake. It prints one line of JSON behind {@link REPORT_MARK}.
 */
import { writeSync } from 'node:fs';
import { inspect } from 'node:util';

/** Begins the line of the report. */
export const REPORT_MARK = '@@leveret ';

/** The first failure of a test file. */
export interface Report {
  readonly test: string;
  readonly message: string;
  /** As `util.inspect` shows them, where the test compared two values. */
  readonly expected?: string | undefined;
  readonly actual?: string | undefined;
  readonly stack: string;
  /** True for a failed assertion; false for what the code threw. */
  readonly isAssertion: boolean;
}

interface TestEvent {
  readonly type: string;
  readonly data: {
    readonly name: string;
    readonly details?: { readonly error?: Error & { cause?: unknown } };
  };
}

const COMPARING = new Set([
  'strictEqual',
  'deepStrictEqual',
  'equal',
  'deepEqual',
  '==',
  'partialDeepStrictEqual',
]);

function show(value: unknown): string {
  return inspect(value, { depth: 6, breakLength: 100, maxArrayLength: 60, maxStringLength: 400 });
}

function describe(test: string, error: (Error & { cause?: unknown }) | undefined): Report {
  const cause = error?.cause ?? error;
  if (!(cause instanceof Error)) return { test, message: String(cause), stack: '', isAssertion: false };
  const { message, stack = '' } = cause;
  const isAssertion = cause.name === 'AssertionError';
  const compared = cause as { expected?: unknown; actual?: unknown; operator?: string };
  if (!isAssertion || !COMPARING.has(compared.operator ?? '')) return { test, message, stack, isAssertion };
  const { expected, actual } = compared;
  return { test, message, expected: show(expected), actual: show(actual), stack, isAssertion };
}

/** The reporter, in the form that `--test-reporter` takes. */
// biome-ignore lint/style/noDefaultExport: Node asks for it
export default async function* gradeReporter(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    if (type !== 'test:fail') continue;
    writeSync(1, `\n${REPORT_MARK}${JSON.stringify(describe(data.name, data.details?.error))}\n`);
    process.exit(1);
  }
  yield '';
}

import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../chapters.ts';
import { REPORT_MARK, type Report } from './grade-reporter.ts';
import { MY } from './reader-code.ts';
import { NOT_WRITTEN } from './starter.ts';

/** What a test file found wrong, in the words and order in which a reader needs them. */
export interface Failure {
  /** The test file, from the project's folder. */
  readonly file: string;
  /** The test's title; empty when none had begun. */
  readonly test: string;
  /** What is wrong. */
  readonly message: string;
  /** Expected and received, in rows; empty where nothing was compared. */
  readonly rows: readonly string[];
  /** Where in the reader's code: `my/02-subscriber/queue.ts:31:5`. */
  readonly places: readonly string[];
  /** The step that the reader has not written yet, when this is all that is wrong. */
  readonly notWritten?: string | undefined;
}

/** What a process printed. */
export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

/** Reads the first failure out of what a test file printed. */
export function readFailure(path: string, printed: Printed, root = ROOT): Failure {
  const file = relative(root, path).replaceAll('\\', '/');
  const found = readReport(printed.stdout) ?? readUvu(printed.stdout) ?? readEnd(printed);
  const text = `${found.message}\n${found.stack}\n${printed.stderr}`;
  const thrown = found.isAssertion ? readThrown(printed.stderr, root) : undefined;
  const isThrown = !found.isAssertion && found.test !== '' && placesIn(found.stack, root).length > 0;
  const own = isThrown ? 'your code threw: ' : '';
  return {
    file,
    test: found.test,
    message: `${own}${found.message}`,
    rows: [
      ...compare(found),
      ...(thrown === undefined ? [] : [`before that, your code threw: ${thrown.message}`]),
    ],
    places: thrown?.places ?? placesIn(found.stack, root),
    notWritten: NOT_WRITTEN.exec(text)?.[1],
  };
}

function readReport(stdout: string): Report | undefined {
  const line = stdout.split('\n').find((text) => text.startsWith(REPORT_MARK));
  return line === undefined ? undefined : (JSON.parse(line.slice(REPORT_MARK.length)) as Report);
}

/** The first failure that uvu printed: the title behind FAIL, the message, two values, the stack. */
function readUvu(stdout: string): Report | undefined {
  const block = /^ {3}FAIL {2}(.*)\n([\s\S]*?)(?=^ {3}FAIL {2}|^ {2}Total:)/m.exec(stdout);
  if (block === null) return undefined;
  const [, title = '', rest = ''] = block;
  const lines = rest.split('\n').map((line) => line.replace(/^ {4}(?: {4})?/, ''));
  const stack = lines.filter((line) => /^\s*at /.test(line)).join('\n');
  const body = lines
    .filter((line) => !/^\s*at /.test(line))
    .join('\n')
    .trim();
  const [message = '', ...values] = body.split('\n');
  const test = /"(.*)"\s*$/.exec(title)?.[1] ?? title;
  const isAssertion = / {2}\((\w+)\)$/.test(message);
  return {
    test,
    message: message.replace(/ {2}\(\w+\)$/, ''),
    stack,
    isAssertion,
    ...readValues(values),
  };
}

/** Two values as uvu shows them: one line for each, or lines that are marked with ++ (expected) and -- (actual). */
function readValues(lines: readonly string[]): Pick<Report, 'expected' | 'actual'> {
  const shown = lines.filter((line) => line.trim() !== '');
  if (shown.length === 0) return {};
  const single = /^\+\+(.*?) +\(Expected\)\n--(.*?) +\(Actual\)$/.exec(shown.join('\n'));
  const plain = (text = ''): string => text.replaceAll('·', ' ');
  if (single !== null) return { expected: plain(single[1]), actual: plain(single[2]) };
  const marks = shown.map((line) => plain(line).replace(/^\+\+/, 'expected ').replace(/^--/, 'came     '));
  return {
    actual: marks.map((line) => (/^(expected|came) /.test(line) ? line : `         ${line}`)).join('\n'),
  };
}

/** A process that ended without a report: it was ended, or could not begin. */
function readEnd({ stdout, stderr }: Printed): Report {
  const late =
    /was not done after (\d+) s and was ended; (?:the test that began last: "(.*)"|no test had begun)/.exec(
      stderr,
    );
  if (late !== null) {
    const message = `not done after ${late[1]} s: an endless loop, or something awaited that never comes`;
    return { test: late[2] ?? '', message, stack: '', isAssertion: true };
  }
  const syntax = /^(.*:\d+:\d+): ERROR: (.*)$/m.exec(stderr);
  if (syntax !== null) {
    const [, place = '', reason = ''] = syntax;
    return {
      test: '',
      message: `this is no TypeScript yet: ${reason}`,
      stack: `    at ${place}`,
      isAssertion: false,
    };
  }
  const error = /^(?:\w*Error|Error)\b.*$/m.exec(stderr)?.[0];
  const message =
    error ?? (stderr.trim().split('\n').at(-1) || stdout.trim().split('\n').at(-1) || 'it ended early');
  return { test: '', message, stack: stderr, isAssertion: false };
}

/** How an error's cause begins where `console.error` prints it. */
const CAUSE = '[cause]: ';

/** What the reader's code threw inside a server, where somebody caught and logged it. */
function readThrown(stderr: string, root: string): { message: string; places: string[] } | undefined {
  const thrown = [...stderr.matchAll(/^(?!\s*at )(.*)\n((?:\s+at .*\n?)+)/gm)].flatMap(
    ([, message = '', stack = '']) => {
      const places = placesIn(stack, root);
      return places.length > 0 ? [{ message: message.trim(), places }] : [];
    },
  );
  // An error of ours that was logged has what was thrown as its cause, printed behind it.
  const cause = thrown.find(({ message }) => message.startsWith(CAUSE));
  return cause === undefined ? thrown[0] : { ...cause, message: cause.message.slice(CAUSE.length) };
}

/** The places in a stack that lie in the reader's folder, the innermost first. */
function placesIn(stack: string, root: string): string[] {
  const places: string[] = [];
  for (const [, where = ''] of stack.matchAll(/^\s*at (?:.*\()?(.*:\d+:\d+)\)?$/gm)) {
    const path = where.startsWith('file:')
      ? fileURLToPath(where.replace(/:\d+:\d+$/, ''))
      : where.replace(/:\d+:\d+$/, '');
    const own = relative(root, path).replaceAll('\\', '/');
    if (own.startsWith(`${MY}/`)) places.push(own + (/:\d+:\d+$/.exec(where)?.[0] ?? ''));
  }
  return places.slice(0, 3);
}

/** Two values in rows, a mark under the first difference. */
function compare({ expected, actual }: Report): string[] {
  if (actual === undefined) return [];
  if (expected === undefined) return actual.split('\n');
  const wanted = expected.split('\n');
  const came = actual.split('\n');
  if (wanted.length > 1 || came.length > 1) {
    return [
      'expected',
      ...clip(wanted).map((line) => `  ${line}`),
      'came',
      ...clip(came).map((line) => `  ${line}`),
    ];
  }
  const rows = [`expected  ${expected}`, `came      ${actual}`];
  let same = 0;
  while (same < expected.length && expected[same] === actual[same]) same += 1;
  return same > 3 ? [...rows, `${' '.repeat(10 + same)}^`] : rows;
}

function clip(lines: readonly string[]): string[] {
  return lines.length <= 20 ? [...lines] : [...lines.slice(0, 20), `... and ${lines.length - 20} more lines`];
}

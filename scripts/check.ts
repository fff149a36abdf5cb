import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import type { Chapter } from './chapters.ts';
import { checkPort, type Target } from './course/check-port.ts';
import type { Failure } from './course/failure.ts';
import { gradeStep } from './course/grade.ts';
import { writeProgress } from './course/progress.ts';
import { chooseChapter, describeCode, myFolder, readersChapters } from './course/reader-code.ts';
import { type CourseStep, lessonAnchor, readSteps } from './course/steps.ts';
import { explainArguments, parsePort, runCommand, UsageError } from './terminal.ts';

const HELP = `Checks your code of a chapter, step by step. It stops at the first step that is not right and explains only that one.

  npm run check 2                  the steps of chapter 2 on your code in my/
  npm run check 2 -- --step 2.3    only this step
  npm run check 2 -- --all         every step, also behind one that failed
  npm run check 2 -- --alone       your chapter 2 on the reference's chapter 1

Or a program of yours in any language, over its port:

  npm run check 1 -- --cmd "python3 echo.py {port}"   starts it on a free port, checks it and ends it
  npm run check 1 -- --port 9000                      checks the one that listens there

Ends with 0 when every step is done, with 1 when one is not.`;

interface Options {
  readonly chapter: string | undefined;
  readonly step: string | undefined;
  readonly all: boolean;
  readonly alone: boolean;
  readonly target: Target | undefined;
  readonly help: boolean;
}

function readOptions(args: string[]): Options {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        step: { type: 'string' },
        all: { type: 'boolean', default: false },
        alone: { type: 'boolean', default: false },
        cmd: { type: 'string' },
        port: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (positionals.length > 1) throw new UsageError(`One chapter at a time: got ${positionals.join(' ')}.`);
    return {
      chapter: positionals[0],
      step: values.step,
      all: values.all,
      alone: values.alone,
      target: readTarget(values),
      help: values.help,
    };
  } catch (error) {
    throw explainArguments(error, 'npm run check -- --help');
  }
}

/** The program that is checked over its port, where the command line names one. */
function readTarget(values: {
  cmd?: string | undefined;
  port?: string | undefined;
  step?: string | undefined;
  alone: boolean;
}): Target | undefined {
  const { cmd, port, step, alone } = values;
  if (cmd === undefined && port === undefined) return undefined;
  if (cmd !== undefined && port !== undefined)
    throw new UsageError('Either --cmd, which starts a program, or --port, where one listens.');
  if (step !== undefined || alone)
    throw new UsageError('--step and --alone are for your code in my/: a program of its own has no steps.');
  return cmd === undefined ? { port: parsePort(port ?? '') } : { command: cmd };
}

/** The steps to check: all, or the one that was asked for. */
function chooseSteps(steps: readonly CourseStep[], wanted: string | undefined): CourseStep[] {
  const graded = steps.filter(({ checks }) => checks.length > 0);
  if (wanted === undefined) return graded;
  const found = graded.filter(({ id }) => id === wanted);
  if (found.length > 0) return found;
  throw new UsageError(`There is no step "${wanted}". There are: ${graded.map(({ id }) => id).join(', ')}.`);
}

function explain(chapter: Chapter, step: CourseStep, failure: Failure): string[] {
  const hint = `npm run hint ${chapter.number} -- --step ${step.id}`;
  const lesson = lessonAnchor(chapter, step);
  if (failure.notWritten === step.id) {
    return [`not written yet: look for "${failure.notWritten}" in ${myFolder(chapter)}`, `lesson: ${lesson}`];
  }
  const [first = '', ...more] = failure.message.split('\n').slice(0, 12);
  const begun =
    failure.notWritten === undefined ? [] : [`it needs step ${failure.notWritten}, which is not written yet`];
  return [
    ...(failure.test === '' ? [] : [pc.bold(`"${failure.test}"`)]),
    pc.red(first),
    ...more,
    ...begun,
    ...failure.rows,
    ...failure.places.map((place) => `at ${place}`),
    pc.dim(`test: ${failure.file}`),
    pc.dim(`lesson: ${lesson}`),
    pc.dim(`stuck? ${hint}`),
  ];
}

async function check(chapter: Chapter, options: Options): Promise<number> {
  const readers = readersChapters(chapter, options.alone);
  const lesson = chapter.lesson === undefined ? '' : readFileSync(chapter.lesson, 'utf8');
  const steps = chooseSteps(readSteps(lesson), options.step);
  if (steps.length === 0) throw new UsageError(`Chapter ${chapter.number} has no steps to check yet.`, 1);
  console.log(`${pc.bold(`Chapter ${chapter.number}`)}: ${describeCode(chapter, readers)}\n`);
  // The next step is on its way while one is waited for: starting a process takes longer than most tests.
  const ahead = new AbortController();
  const outcomes: (Promise<Failure | undefined> | undefined)[] = [];
  const begin = (index: number): void => {
    const step = steps[index];
    if (step !== undefined && outcomes[index] === undefined)
      outcomes[index] = gradeStep(chapter, step, readers, ahead.signal);
  };
  const done: string[] = [];
  let failed = 0;
  for (const [index, step] of steps.entries()) {
    begin(index);
    begin(index + 1);
    const failure = await outcomes[index];
    const line = `${step.id.padEnd(5)} ${step.title}`;
    if (failure === undefined) {
      done.push(step.id);
      console.log(`  ${pc.green('✓')} ${line}`);
      continue;
    }
    failed += 1;
    console.log(`  ${pc.red('✗')} ${line}\n`);
    for (const text of explain(chapter, step, failure)) console.log(`      ${text}`);
    console.log('');
    if (!options.all) break;
  }
  ahead.abort();
  if (options.step === undefined) writeProgress(chapter, done);
  const left = steps.length - done.length;
  if (failed === 0 && options.step === undefined)
    console.log(pc.green(`\nAll ${steps.length} steps are done.`));
  else if (left > 1 && !options.all) console.log(pc.dim(`${done.length} of ${steps.length} steps done`));
  return failed === 0 ? 0 : 1;
}

await runCommand(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return console.log(HELP);
  const chapter = chooseChapter(options.chapter, 'check');
  const { target, all } = options;
  if (target === undefined) process.exitCode = await check(chapter, options);
  // A check that was given up may still hold a connection open.
  else process.exit((await checkPort(chapter, target, all)) === 0 ? 0 : 1);
});

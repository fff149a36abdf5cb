import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { ROOT } from './chapters.ts';
import { ensurePrograms } from './system-packages.ts';
import { explainArguments, runCommand, UsageError } from './terminal.ts';
import { findHollowTests, findTestFiles, neededPrograms, type TestFiles } from './test-runner/find-files.ts';
import { specsStep } from './test-runner/specs.ts';
import {
  nodeArguments,
  programStep,
  runSteps,
  type Step,
  StepError,
  testArguments,
} from './test-runner/steps.ts';

const HELP = `Runs the tests.

  npm test                  everything: format and lint, types, house rules, lessons, docs, unit and socket suites
  npm test -- 01            only the tests of chapter 1
  npm test -- field.spec    only the test files of that name, with or without its ending
  npm test -- final/client  only test files whose path holds that text
  npm test -- --files       only the test files, all of them
  npm test -- --except scripts/test/course    everything but test files whose path holds that text`;

/** How many steps, or test files, run at a time. */
const WIDTH = 2;

const bin = (name: string): string => join(ROOT, 'node_modules/.bin', name);

function projectSteps(): Step[] {
  const script = (name: string, path: string): Step =>
    programStep(name, process.execPath, nodeArguments(path));
  return [
    programStep('format and lint (biome)', bin('biome'), ['ci', '--colors=off', '--error-on-warnings']),
    programStep('types (tsc)', bin('tsc'), ['-p', '.']),
    programStep('types of the page (tsc)', bin('tsc'), ['-p', 'final/inspector/page']),
    programStep('house rules (depcruise)', bin('depcruise'), ['--config', '.dependency-cruiser.cjs', '.']),
    script('lessons', 'scripts/lessons.ts'),
    script('sizes of the chapters', 'scripts/sizes.ts'),
    script('docs site (typedoc)', 'scripts/docs.ts'),
    rulesStep(),
  ];
}

function hollowStep(files: TestFiles): Step {
  return {
    name: 'test files',
    async run() {
      const mistakes = findHollowTests(files);
      if (mistakes.length > 0) throw new StepError('tests that would not count', mistakes.join('\n'));
      return `${files.specs.length} for uvu, ${files.tests.length} for node:test`;
    },
  };
}

function rulesStep(): Step {
  return {
    name: 'rules for tests',
    async run() {
      // Only here, for it brings the whole compiler.
      const mistakes = (await import('./test-runner/rules.ts')).checkTests();
      if (mistakes.length > 0) throw new StepError(`${mistakes.length} break them`, mistakes.join('\n'));
      return 'asserts say what is wrong, nothing sleeps';
    },
  };
}

function programsStep(names: string[]): Step {
  return {
    name: 'system packages',
    async run() {
      ensurePrograms(names);
      return names.join(', ');
    },
  };
}

/** Runs node:test on the files, its report going straight to the terminal; returns true when all passed. */
async function runNodeTests(paths: readonly string[]): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'leveret-test-'));
  const tap = join(folder, 'tap');
  try {
    const args = testArguments(
      '--test',
      `--test-concurrency=${WIDTH}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      '--test-reporter=tap',
      `--test-reporter-destination=${tap}`,
      ...paths,
    );
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
    const code = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (value) => resolve(value ?? 1));
    });
    // A file without tests passes as one test that has the file's own name.
    const report = readFileSync(tap, 'utf8');
    const hollow = paths.filter((path) =>
      new RegExp(`^ok \\d+ - .*${path.replaceAll('.', '\\.')}$`, 'm').test(report),
    );
    if (hollow.length > 0) console.error(`No test ran in: ${hollow.join(', ')}`);
    return code === 0 && hollow.length === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readOptions(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        files: { type: 'boolean', default: false },
        except: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw explainArguments(error, 'npm test -- --help');
  }
}

await runCommand(async () => {
  const { values, positionals: filters } = readOptions(process.argv.slice(2));
  if (values.help) return console.log(HELP);

  const files = findTestFiles(filters, { except: values.except });
  if (files.specs.length + files.tests.length === 0) {
    throw new UsageError(`No test file answers to: ${filters.join(' ') || '(nothing)'}`, 1);
  }
  const everything = filters.length === 0 && !values.files;
  const programs = neededPrograms([...files.specs, ...files.tests]);
  const steps = [
    hollowStep(files),
    ...(programs.length > 0 ? [programsStep(programs)] : []),
    ...(everything ? projectSteps() : []),
  ];
  const failed = await runSteps(steps, WIDTH);
  if (files.specs.length > 0) failed.push(...(await runSteps([specsStep(files.specs, WIDTH)], 1)));
  if (failed.length > 0) console.log(pc.red(`Failed: ${failed.join(', ')}`));

  const passed = files.tests.length === 0 || (await runNodeTests(files.tests));
  if (!passed || failed.length > 0) process.exitCode = 1;
});

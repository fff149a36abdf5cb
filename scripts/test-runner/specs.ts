import { inParallel, runProgram, type Step, StepError, testArguments } from './steps.ts';

/** The totals that uvu printed, summed over the suites of a file; undefined where it printed none. */
export function readTotals(output: string): { total: number; passed: number; skipped: number } | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
  const plain = output.replace(/\x1b\[[0-9;]*m/g, '');
  const sum = (word: string): number | undefined => {
    const found = [...plain.matchAll(new RegExp(`^\\s*${word}:\\s+(\\d+)\\s*$`, 'gm'))];
    return found.length === 0 ? undefined : found.reduce((all, [, count]) => all + Number(count), 0);
  };
  const total = sum('Total');
  return total === undefined
    ? undefined
    : { total, passed: sum('Passed') ?? 0, skipped: sum('Skipped') ?? 0 };
}

/** The step that runs uvu's files, each in a process of its own. */
export function specsStep(paths: readonly string[], width: number): Step {
  return {
    name: 'unit suites (uvu)',
    async run() {
      const failures: string[] = [];
      let passed = 0;
      let skipped = 0;
      await inParallel(paths, width, async (path) => {
        const { code, output } = await runProgram(process.execPath, testArguments(path));
        const totals = readTotals(output);
        if (totals !== undefined) {
          passed += totals.passed;
          skipped += totals.skipped;
        }
        if (code !== 0) failures.push(`${path} failed:\n${output.trimEnd()}`);
        else if (totals === undefined || totals.passed === 0)
          failures.push(`${path} ran no test: does it end with .run()?`);
      });
      if (failures.length > 0) {
        throw new StepError(`${failures.length} of ${paths.length} files failed`, failures.join('\n\n'));
      }
      return `${passed} tests in ${paths.length} files passed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    },
  };
}

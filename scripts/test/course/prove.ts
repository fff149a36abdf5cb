import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Chapter, findChapters } from '../../chapters.ts';
import { gradeStep } from '../../course/grade.ts';
import { layStarter } from '../../course/lay.ts';
import { myFolder } from '../../course/reader-code.ts';
import { type CourseStep, readSteps } from '../../course/steps.ts';
import { findWritten } from '../../course/written.ts';
import type { WrongSolution } from '../../course/wrong.ts';
import { parseSource } from '../../sizes/code-lines.ts';
import { type Checkout, makeCheckout } from './checkout.ts';

/** A wrong solution must be refused within so many milliseconds, on a machine with nothing else to do. */
const REFUSED_WITHIN_MS = 15_000;
/** What one test file may take here, in seconds: more than for a reader, because other tests run at the same time. */
const DEADLINE_S = 30;

/**
 * Proves the checks of a chapter: its starter is refused in words, each step can be done before the next is begun, and wrong
 * solutions are refused by the step that they break.
 */
export async function proveChapter(number: number): Promise<void> {
  const chapter = findChapters().find((each) => each.number === number);
  assert.ok(chapter?.lesson !== undefined, `there is a chapter ${number} with a lesson`);
  const steps = readSteps(readFileSync(chapter.lesson, 'utf8')).filter(({ checks }) => checks.length > 0);
  const wrong = await readWrong(chapter);
  const proof = new Proof(chapter, steps);
  before(() => proof.begin());
  after(() => proof.end());
  test(`chapter ${number}: the starter is refused at its first step, in words`, () =>
    proof.starterIsRefused());
  for (const step of steps) {
    test(`chapter ${number}: step ${step.id} passes before the next is written`, () =>
      proof.passesAlone(step));
  }
  for (const solution of wrong) {
    test(`chapter ${number}: step ${solution.step} refuses a solution in which ${solution.breaks}`, () =>
      proof.refuses(solution));
  }
}

async function readWrong({ path }: Chapter): Promise<readonly WrongSolution[]> {
  const file = new URL(`../../../${path}/wrong/solutions.ts`, import.meta.url);
  if (!existsSync(file)) return [];
  return ((await import(pathToFileURL(file.pathname).href)) as { wrong: readonly WrongSolution[] }).wrong;
}

/** Steps are in order: `2.10` comes behind `2.9`. */
const ordinal = (step: string): number => Number(step.split('.')[1]);

class Proof {
  readonly #chapter: Chapter;
  readonly #steps: readonly CourseStep[];
  #checkout: Checkout | undefined;

  constructor(chapter: Chapter, steps: readonly CourseStep[]) {
    this.#chapter = chapter;
    this.#steps = steps;
  }

  begin(): void {
    this.#checkout = makeCheckout();
  }

  end(): void {
    this.#checkout?.remove();
  }

  async starterIsRefused(): Promise<void> {
    const [first] = this.#steps;
    assert.ok(first !== undefined, 'the lesson has steps with checks');
    this.#lay(() => false);
    const failure = await this.#grade(first);
    assert.equal(
      failure?.notWritten,
      first.id,
      `the check says that the step is not written: ${failure?.message}`,
    );
  }

  async passesAlone(step: CourseStep): Promise<void> {
    this.#lay((id) => ordinal(id) <= ordinal(step.id));
    const failure = await this.#grade(step);
    assert.equal(
      failure,
      undefined,
      `with the steps up to ${step.id} written: ${JSON.stringify(failure, null, 2)}`,
    );
  }

  async refuses({ step, file, from, to }: WrongSolution): Promise<void> {
    this.#lay(() => true);
    const path = join(this.#root, myFolder(this.#chapter), file);
    const text = readFileSync(path, 'utf8');
    assert.equal(text.split(from).length, 2, `what is replaced stands once in ${file}: ${from}`);
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
    // The steps before it do not call its code: they pass while it is not written. Only what lies elsewhere may break them too.
    const isItsOwn = findWritten(parseSource(path, text)).some((stretch) => {
      const at = text.indexOf(from);
      return stretch.step === step && stretch.from <= at && at + from.length <= stretch.to;
    });
    // As the command does: the first step that fails is the one that is told.
    for (const each of this.#steps) {
      if (ordinal(each.id) > ordinal(step)) break;
      if (each.id !== step && isItsOwn) continue;
      const began = performance.now();
      const failure = await this.#grade(each);
      if (each.id !== step) {
        assert.equal(failure, undefined, `step ${each.id}, before the one that is broken, passes`);
        continue;
      }
      assert.ok(failure !== undefined, `the check of step ${step} passes this wrong solution`);
      assert.notEqual(failure.test, '', `the refusal names the test: ${failure.message}`);
      const took = performance.now() - began;
      assert.ok(took < REFUSED_WITHIN_MS * 4, `refused after ${Math.round(took / 1000)} s`);
    }
  }

  get #root(): string {
    assert.ok(this.#checkout !== undefined, 'there is a checkout');
    return this.#checkout.root;
  }

  #lay(isDone: (step: string) => boolean): void {
    rmSync(join(this.#root, myFolder(this.#chapter)), { recursive: true, force: true });
    layStarter(this.#chapter, myFolder(this.#chapter), isDone, this.#root);
  }

  #grade(step: CourseStep) {
    const { signal } = new AbortController();
    return gradeStep(this.#chapter, step, [this.#chapter], signal, this.#root, DEADLINE_S);
  }
}

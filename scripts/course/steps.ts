import type { Chapter } from '../chapters.ts';
import { findHeadings } from '../lessons/markdown.ts';

/** A step of a lesson: something to write, and the tests that tell when it is right. */
export interface CourseStep {
  /** `2.3` */
  readonly id: string;
  readonly title: string;
  /** Of its heading in the lesson. */
  readonly anchor: string;
  /** Test files, as paths within the chapter's folder `test`. */
  readonly checks: readonly string[];
  /** From a nudge to nearly the answer. */
  readonly hints: readonly string[];
}

const STEP = /^(\d+\.\d+) (\S.*)$/;

/**
 * The steps of a lesson, in its order. Each has a heading `### 2.3 Title`, a comment `<!-- check: queue.spec.ts, topic.spec.ts -->`
 * that names its test files, and hints that are folded away under `<summary>Hint ...</summary>`.
 */
export function readSteps(lesson: string): CourseStep[] {
  const steps: CourseStep[] = [];
  for (const section of lesson.split(/^(?=#{1,3} )/m)) {
    const [, marks, heading = ''] = /^(#{1,3}) +(.*?)\s*$/m.exec(section) ?? [];
    const [, id, title] = marks === '###' ? (STEP.exec(heading) ?? []) : [];
    if (id === undefined || title === undefined) continue;
    const anchor = findHeadings(lesson).find(({ text }) => text.startsWith(`${id} `))?.anchor ?? '';
    const list = /<!-- check: (.*?) -->/.exec(section)?.[1] ?? '';
    const checks = list.split(',').map((file) => file.trim());
    steps.push({
      id,
      title,
      anchor,
      checks: checks.filter((file) => file !== ''),
      hints: readHints(section),
    });
  }
  return steps;
}

function readHints(section: string): string[] {
  const folded = section.matchAll(/<details>\s*<summary>Hint[^<]*<\/summary>([\s\S]*?)<\/details>/g);
  return [...folded].map(([, text = '']) => text.trim());
}

/** Where a step stands in its lesson, for people: `chapters/02-subscriber/README.md#23-create-a-topic-once`. */
export function lessonAnchor({ path }: Chapter, { anchor }: CourseStep): string {
  return `${path}/README.md#${anchor}`;
}

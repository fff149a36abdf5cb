import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { makeStarter, NOT_WRITTEN, namesByStep } from '../../course/starter.ts';

const starters = suite('starters');

const CLASS = `import { a } from './a.ts';

/** Counts. */
export class Counter extends Base {
  // step 2.1: count
  // Invariant: never below 0.
  #count = 0;
  readonly name: string;

  constructor(name: string) {
    super(name);
    this.name = name;
  }

  /** One more. */
  add(): number {
    return this.#grow(1);
  }

  reset(): void {
    // step 2.2: begin again
    this.#count = 0;
  }

  #grow(by: number): number {
    this.#count += by;
    return this.#count;
  }
}
`;

starters('a class keeps its signatures and loses its bodies and what is private', () => {
  const starter = makeStarter('a.ts', CLASS);
  assert.not.match(starter, /#count|#grow|Invariant/, 'nothing private is left');
  assert.match(starter, '/** One more. */\n  add(): number {', 'what others call is left, with its comment');
  assert.match(starter, "// step 2.1: count\n    throw new Error('step 2.1 is not written yet');", 'says so');
  assert.match(
    starter,
    /super\(name\);\n\s+\/\/ step 2\.1/,
    'the call of super stays: the compiler asks for it',
  );
  assert.match(starter, 'step 2.2 is not written yet', 'a member with a step of its own has its own words');
  assert.match(starter, 'readonly name: string;', 'public fields stay');
});

starters('steps that are done keep their code', () => {
  const starter = makeStarter('a.ts', CLASS, (step) => step === '2.1');
  assert.match(starter, 'this.#count += by;', 'the code of 2.1');
  assert.is(NOT_WRITTEN.exec(starter)?.[1], '2.2', 'only 2.2 is to be written');
});

starters('a function loses its body, and a file what it keeps to itself', () => {
  const text =
    'import { b } from "b";\n// step 1.1: all of it\nconst SIZE = 3;\nexport function go(n: number): number {\n  return help(n);\n}\nfunction help(n: number): number {\n  return n * SIZE;\n}\n';
  const starter = makeStarter('a.ts', text);
  assert.match(starter, 'const SIZE = 3;', 'constants stay');
  assert.match(starter, 'export function go(n: number): number {', 'the signature stays');
  assert.not.match(starter, /help/, 'helpers are the reader’s to invent');
  assert.equal([...namesByStep('a.ts', text)], [['1.1', ['go']]], 'names what is to be written');
});

starters('a file without steps is laid as it is, but for the marks of the lesson', () => {
  const text = 'export const a = 1;\n// #region b\nexport const b = 2;\n// #endregion b\n';
  assert.is(makeStarter('a.ts', text), 'export const a = 1;\nexport const b = 2;\n', 'the rest of the text');
});

starters.run();

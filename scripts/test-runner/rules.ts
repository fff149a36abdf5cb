import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from '../chapters.ts';
import { findBelow } from '../lessons/check.ts';

/** The polling helper waits between two looks; nothing else in a test waits for a time. */
const POLLING = 'until';

/** What a call in a test does wrong, or undefined. */
function mistakeIn(call: ts.CallExpression, source: ts.SourceFile): string | undefined {
  const callee = call.expression.getText(source);
  if (/^(assert|assert\.ok|assert\.not|assert\.not\.ok)$/.test(callee) && call.arguments.length < 2) {
    return `${callee}() without a message that names the fault`;
  }
  if (isSleep(call, source) && !isWithin(call, POLLING))
    return 'sleeps for a fixed time: wait for a condition';
  return undefined;
}

/** True for `setTimeout(resolve, ...)` in a new Promise, and for the one of node:timers/promises by any name. */
function isSleep(call: ts.CallExpression, source: ts.SourceFile): boolean {
  const callee = call.expression.getText(source);
  if (callee === promisedTimer(source)) return true;
  const [done] = call.arguments;
  if (callee !== 'setTimeout' || done === undefined || !ts.isIdentifier(done)) return false;
  const executor = ts.findAncestor(call, ts.isFunctionLike);
  return (
    executor?.parent !== undefined &&
    ts.isNewExpression(executor.parent) &&
    executor.parameters[0]?.name.getText(source) === done.text
  );
}

/** What the file calls `setTimeout` of node:timers/promises, where it imports it. */
function promisedTimer(source: ts.SourceFile): string | undefined {
  const found = /import\s*{[^}]*\bsetTimeout(?:\s+as\s+(\w+))?[^}]*}\s*from 'node:timers\/promises'/.exec(
    source.text,
  );
  return found === null ? undefined : (found[1] ?? 'setTimeout');
}

function isWithin(node: ts.Node, name: string): boolean {
  const around = ts.findAncestor(
    node,
    (above) => ts.isFunctionDeclaration(above) && above.name?.text === name,
  );
  return around !== undefined;
}

/** The mistakes of one test file or its support: asserts without words, and fixed sleeps. */
export function findMistakes(path: string, text: string): string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const mistakes: string[] = [];
  const visit = (node: ts.Node): void => {
    const mistake = ts.isCallExpression(node) ? mistakeIn(node, source) : undefined;
    if (mistake !== undefined) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      mistakes.push(`${path}:${line + 1}: ${mistake}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return mistakes;
}

/** The mistakes of everything in the folders called `test`. */
export function checkTests(root = ROOT): string[] {
  return ['chapters', 'final', 'scripts']
    .flatMap((folder) => findBelow(root, folder, '.ts'))
    .filter((path) => path.includes('/test/'))
    .flatMap((path) => findMistakes(path, readFileSync(join(root, path), 'utf8')));
}

import ts from 'typescript';

/** The lines of a source file, counted from 1, on which code stands: not blank, and more than a comment. */
export function codeLines(source: ts.SourceFile): Set<number> {
  const lines = new Set<number>();
  const visit = (node: ts.Node): void => {
    if (ts.isJSDoc(node)) return;
    const parts = node.getChildren(source);
    for (const part of parts) visit(part);
    if (parts.length > 0 || node.getWidth(source) === 0) return;
    const from = source.getLineAndCharacterOfPosition(node.getStart(source)).line;
    const to = source.getLineAndCharacterOfPosition(node.getEnd()).line;
    for (let line = from; line <= to; line += 1) lines.add(line + 1);
  };
  visit(source);
  return lines;
}

/** A TypeScript file, parsed. */
export function parseSource(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

/**
 * The lines, counted from 1, that a reader writes: from each `// task N.M:` marker to the end of the body that it
 * stands in, braces left out; of the whole file where it stands in none.
 */
export function taskLines(source: ts.SourceFile): Set<number> {
  const lines = new Set<number>();
  for (const { index } of source.text.matchAll(/^[^\S\n]*\/\/ task \d+\.\d+:/gm)) {
    const [from, to] = bodyAround(source, index);
    const first = source.getLineAndCharacterOfPosition(from).line + 1;
    const last = source.getLineAndCharacterOfPosition(to).line + 1;
    for (let line = first + 1; line < last; line += 1) lines.add(line);
  }
  return lines;
}

/** The braces of the innermost body around a place, or the file's own bounds. */
function bodyAround(source: ts.SourceFile, at: number): [from: number, to: number] {
  let found: [number, number] = [0, source.end];
  const visit = (node: ts.Node): void => {
    if (node.pos > at || node.end <= at) return;
    if (ts.isBlock(node)) found = [node.getStart(source), node.end];
    if (ts.isClassLike(node)) found = [node.members.pos - 1, node.end];
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

import ts from 'typescript';
import { findWritten } from '../course/written.ts';

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

/** The lines, counted from 1, that a reader writes; see {@link findWritten}. Those of braces are not among them. */
export function stepLines(source: ts.SourceFile): Set<number> {
  const lines = new Set<number>();
  for (const { from, to } of findWritten(source)) {
    const begin = from + (/^\s*/.exec(source.text.slice(from, to))?.[0].length ?? 0);
    const end = from + source.text.slice(from, to).trimEnd().length;
    if (begin >= end) continue;
    const last = source.getLineAndCharacterOfPosition(end).line;
    for (let line = source.getLineAndCharacterOfPosition(begin).line; line <= last; line += 1)
      lines.add(line + 1);
  }
  return lines;
}

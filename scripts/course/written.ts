import ts from 'typescript';

/** A stretch of a file that the reader writes, and what its starter has in its place. */
export interface Written {
  /** `2.3` */
  readonly step: string;
  /** Offsets into the text; what is between them goes. */
  readonly from: number;
  readonly to: number;
  /** True for the inside of a function's body: the starter throws there. False for what the starter leaves out. */
  readonly isBody: boolean;
  /** The function's name, or the class and its member: `Queue.shift`. */
  readonly name: string;
}

/** A `// step N.M: title` line: what the reader writes begins here. */
interface Marker {
  readonly step: string;
  readonly at: number;
}

const MARKER = /^[^\S\n]*\/\/ step (\d+\.\d+):/gm;

/**
 * What the reader writes in a file, by the `// step N.M: title` lines in it. Such a line in front of everything in a function's
 * body stands for this body; in front of the members of a class for all of their bodies, and for the private members; at
 * the top of a file for all of its functions and classes, and for what is not exported.
 */
export function findWritten(source: ts.SourceFile): Written[] {
  const markers = [...source.text.matchAll(MARKER)].map(
    ({ 1: step = '', 0: line, index }): Marker => ({ step, at: index + line.indexOf('//') }),
  );
  const written: Written[] = [];
  const markerOf = (node: ts.Node): Marker | undefined => {
    const from = contentStart(node, source);
    return markers.find(({ at }) => at >= from && source.text.slice(from, at).trim() === '');
  };
  const leaveOut = (node: ts.Node, step: string): void => {
    written.push({ step, from: node.getFullStart(), to: node.end, isBody: false, name: '' });
  };

  const walkFunction = (node: ts.FunctionLikeDeclaration, step: string | undefined, name: string): void => {
    if (node.body === undefined || !ts.isBlock(node.body)) return;
    const own = markerOf(node.body)?.step ?? step;
    if (own === undefined) {
      node.body.forEachChild((child) => walk(child, undefined, name));
      return;
    }
    const from = superCallEnd(node) ?? node.body.getStart(source) + 1;
    written.push({ step: own, from, to: node.body.end - 1, isBody: true, name });
  };
  const walkClass = (node: ts.ClassLikeDeclaration, step: string | undefined): void => {
    const own = markerOf(node)?.step ?? step;
    const className = node.name?.text ?? '';
    for (const member of node.members) {
      const inner = bodyOf(member);
      const marked = inner !== undefined && markerOf(inner) !== undefined;
      if (own !== undefined && !marked && isPrivate(member)) leaveOut(member, own);
      else if (isFunctionLike(member))
        walkFunction(member, own, `${className}.${memberName(member, source)}`);
      else member.forEachChild((child) => walk(child, undefined, className));
    }
  };
  const walk = (node: ts.Node, step: string | undefined, name: string): void => {
    if (ts.isClassLike(node)) walkClass(node, step);
    else if (isFunctionLike(node)) walkFunction(node, step, functionName(node) ?? name);
    else node.forEachChild((child) => walk(child, undefined, name));
  };

  const whole = markerOf(source)?.step;
  for (const statement of source.statements) {
    if (whole !== undefined && isHidden(statement) && !holdsMarker(statement, markers))
      leaveOut(statement, whole);
    else walk(statement, whole, '');
  }
  return written;
}

/** Where the inside of a body, a class or a file begins. A file's begins behind its imports. */
function contentStart(node: ts.Node, source: ts.SourceFile): number {
  if (ts.isBlock(node)) return node.getStart(source) + 1;
  if (ts.isClassLike(node)) return node.members.pos;
  const last = source.statements.findLast((statement) => ts.isImportDeclaration(statement));
  return last?.end ?? 0;
}

/** The end of a constructor's call of `super`, which must stay where there is one. */
function superCallEnd(node: ts.FunctionLikeDeclaration): number | undefined {
  if (!ts.isConstructorDeclaration(node)) return undefined;
  const first = node.body?.statements.find((statement) => statement.getText().startsWith('super('));
  return first?.end;
}

function bodyOf(node: ts.Node): ts.Block | undefined {
  return isFunctionLike(node) && node.body !== undefined && ts.isBlock(node.body) ? node.body : undefined;
}

function isFunctionLike(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isFunctionExpression(node) ||
    ts.isArrowFunction(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isConstructorDeclaration(node) ||
    ts.isAccessor(node)
  );
}

function isPrivate(member: ts.ClassElement): boolean {
  if (ts.isConstructorDeclaration(member)) return false;
  const hidden = ts.canHaveModifiers(member) && hasModifier(member, ts.SyntaxKind.PrivateKeyword);
  return hidden || (member.name !== undefined && ts.isPrivateIdentifier(member.name));
}

/** Functions and classes that the file keeps to itself; its types and constants stay. */
function isHidden(statement: ts.Statement): boolean {
  if (!ts.isFunctionDeclaration(statement) && !ts.isClassDeclaration(statement)) return false;
  return !hasModifier(statement, ts.SyntaxKind.ExportKeyword);
}

function hasModifier(node: ts.HasModifiers, kind: ts.SyntaxKind): boolean {
  return ts.getModifiers(node)?.some((modifier) => modifier.kind === kind) === true;
}

function holdsMarker(node: ts.Node, markers: readonly Marker[]): boolean {
  return markers.some(({ at }) => at > node.getStart() && at < node.end);
}

function memberName(member: ts.ClassElement, source: ts.SourceFile): string {
  return ts.isConstructorDeclaration(member) ? 'constructor' : (member.name?.getText(source) ?? '');
}

function functionName(node: ts.FunctionLikeDeclaration): string | undefined {
  if (node.name !== undefined && ts.isIdentifier(node.name)) return node.name.text;
  return ts.isVariableDeclaration(node.parent) && ts.isIdentifier(node.parent.name)
    ? node.parent.name.text
    : undefined;
}

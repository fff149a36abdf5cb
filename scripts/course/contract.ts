import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { type Chapter, ROOT, readDoors } from '../chapters.ts';
import { myFolder } from './reader-code.ts';

/**
 * Lays only what the world needs of a chapter: for each of its doors the declarations of what it exports, as comments in an
 * otherwise empty file. Files that are there already stay as they are.
 *
 * @returns the files that were laid, as paths from the project's folder
 */
export function layContract(chapter: Chapter, root = ROOT): string[] {
  const doors = [...readDoors(root)].filter(([, path]) => path.startsWith(`${chapter.path}/`));
  const program = ts.createProgram(
    doors.map(([, path]) => join(root, path)),
    { ...compilerOptions(root), noEmit: true },
  );
  const laid: string[] = [];
  for (const [door, path] of doors) {
    const target = `${myFolder(chapter)}${path.slice(chapter.path.length)}`;
    if (existsSync(join(root, target))) continue;
    const source = program.getSourceFile(join(root, path));
    if (source === undefined) continue;
    mkdirSync(dirname(join(root, target)), { recursive: true });
    writeFileSync(join(root, target), contractOf(door, source, program.getTypeChecker()));
    laid.push(target);
  }
  return laid;
}

function compilerOptions(root: string): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  return ts.parseJsonConfigFileContent(config, ts.sys, root).options;
}

/** A door's file with what it must export, each with its signature. */
function contractOf(door: string, source: ts.SourceFile, checker: ts.TypeChecker): string {
  const module = checker.getSymbolAtLocation(source);
  const lines = [
    `// The door ${door}. Other chapters, the stage and the checks import these names from here:`,
    '//',
  ];
  for (const symbol of module === undefined ? [] : checker.getExportsOfModule(module)) {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const [declaration] = target.getDeclarations() ?? [];
    if (declaration === undefined) continue;
    for (const line of describe(declaration, target, checker)) lines.push(`//   ${line}`.trimEnd());
    lines.push('//');
  }
  return `${lines.join('\n')}\nexport {};\n`;
}

const FLAGS =
  ts.TypeFormatFlags.NoTruncation |
  ts.TypeFormatFlags.MultilineObjectLiterals |
  ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope;

function describe(declaration: ts.Declaration, symbol: ts.Symbol, checker: ts.TypeChecker): string[] {
  if (ts.isInterfaceDeclaration(declaration) || ts.isTypeAliasDeclaration(declaration)) {
    return declaration.getText().split('\n');
  }
  if (ts.isClassDeclaration(declaration)) {
    const heritage = declaration.heritageClauses?.map((clause) => ` ${clause.getText()}`).join('') ?? '';
    const members = declaration.members
      .filter((member) => isPublic(member))
      .map((member) => `  ${signature(member)}`);
    const generics = declaration.typeParameters?.map((parameter) => parameter.getText()).join(', ');
    const name = `${symbol.name}${generics === undefined ? '' : `<${generics}>`}`;
    return [`class ${name}${heritage} {`, ...members, '}'];
  }
  if (ts.isFunctionDeclaration(declaration)) return signature(declaration).split('\n');
  const type = checker.typeToString(checker.getTypeOfSymbol(symbol), declaration, FLAGS);
  return `const ${symbol.name}: ${type}`.split('\n');
}

function isPublic(member: ts.ClassElement): boolean {
  const modifiers = ts.canHaveModifiers(member) ? ts.getModifiers(member) : undefined;
  const hidden = modifiers?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword) === true;
  return !hidden && !(member.name !== undefined && ts.isPrivateIdentifier(member.name));
}

/** A declaration without its body and comments, on one line. */
function signature(node: ts.Node): string {
  const body = 'body' in node && node.body !== undefined ? (node.body as ts.Node) : undefined;
  const end = body === undefined ? node.end : body.getStart();
  const text = node.getSourceFile().text.slice(node.getStart(), end);
  return text
    .replace(/^export /, '')
    .replace(/ = [^,;(){}]+(?=;?$)/, '')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/;?$/, ';');
}

/** Tables of the specification that come from the code's own: frames of both directions, errors, and limits. */
import { LOG_LIMITS } from '#log/broker';
import {
  BROKER_FRAMES,
  BROKER_LIMITS,
  CLIENT_FRAMES,
  ErrorCode,
  FIELDS,
  type FieldName,
  type FrameTable,
  HELLO_FRAME_LIMIT,
  isFatal,
  MAX_KEY_BYTES,
  MAX_PING_BYTES,
} from '#protocol';
import { LIMITS } from '../../final/broker/limits.ts';
import { AUTH, KINDS, PERMISSIONS, TARGETS, type Target } from '../../final/broker/test/permissions/table.ts';
import { type Filled, findFences } from './markdown.ts';

const MARKER = /^\s*<!-- (frames: client|frames: broker|errors|limits|permissions|permission kinds) -->\s*$/;

/** What is reckoned from the memory of the machine. */
const SHARES_OF_MEMORY = new Map([
  ['maxTotalRetainedBytes', 'a quarter of the memory'],
  ['maxTotalBufferedBytes', 'a sixteenth of the memory'],
]);

/** The cells of a row; those that are undefined people write. The second one is its name. */
type Row = readonly [first: string | undefined, name: string, ...rest: (string | undefined)[]];

/** The tables by their markers. */
const ROWS: ReadonlyMap<string, readonly Row[]> = new Map([
  ['frames: client', frameRows(CLIENT_FRAMES)],
  ['frames: broker', frameRows(BROKER_FRAMES)],
  ['errors', errorRows()],
  ['limits', limitRows()],
  ['permissions', permissionRows()],
  ['permission kinds', kindRows()],
]);

/**
 * Fills the table behind each `<!-- frames: client -->`, `<!-- frames: broker -->`, `<!-- errors -->`, `<!-- limits -->`,
 * `<!-- permissions -->` and `<!-- permission kinds -->`.
 * The head and the cells that say things in words are the author's and stay; a row that is new gets empty ones.
 */
export function fillTables(path: string, text: string): Filled {
  const lines = text.split('\n');
  const fences = findFences(lines);
  const mistakes: string[] = [];
  const out: string[] = [];
  let copied = 0;
  for (const [index, line] of lines.entries()) {
    const [, marker = ''] = MARKER.exec(line) ?? [];
    const rows = ROWS.get(marker);
    if (rows === undefined || fences.some(({ open, close }) => open < index && index < close)) continue;
    let start = index + 1;
    while (lines[start]?.trim() === '') start++;
    let end = start;
    while (lines[end]?.startsWith('|')) end++;
    if (end < start + 2) {
      mistakes.push(`${path}:${index + 1}: no table follows "${line.trim()}"`);
      continue;
    }
    const written = new Map<string, readonly string[]>();
    for (const row of lines.slice(start + 2, end)) {
      const cells = row.split('|').slice(1, -1);
      written.set(cells[1]?.trim() ?? '', cells);
    }
    const filled = rows.map((row) => {
      const cells = row.map((cell, at) => cell ?? written.get(row[1])?.[at]?.trim() ?? '');
      if (cells.includes('')) {
        mistakes.push(`${path}:${index + 1}: say something about ${row[1]} in each empty cell of its row`);
      }
      return `| ${cells.join(' | ')} |`;
    });
    out.push(...lines.slice(copied, start + 2), ...filled);
    copied = end;
  }
  out.push(...lines.slice(copied));
  return { text: out.join('\n'), mistakes };
}

function frameRows(table: FrameTable): Row[] {
  return Object.entries(table).map(([name, { type, fields }]) => {
    const body = Object.entries(fields).map(([field, kind]) => fieldText(field, kind));
    const hex = type.toString(16).toUpperCase().padStart(2, '0');
    const isPing = Object.values(fields).includes('ping');
    const more = isPing ? `, at most ${MAX_PING_BYTES}` : '';
    return [hex, name, body.length === 0 ? 'none' : `\`${body.join(', ')}\`${more}`, undefined];
  });
}

/** `u32 request`; what has no name beside its form, such as records, by its form alone. */
function fieldText(field: string, kind: FieldName): string {
  const { form } = FIELDS[kind];
  const isNamed = kind !== 'ping' && kind !== 'records';
  // A bar would end the cell.
  return isNamed ? `${form} ${field}` : form.replaceAll(' | ', ', ');
}

function errorRows(): Row[] {
  return Object.entries(ErrorCode).map(([name, code]) => {
    const fatal = name === 'DENIED' ? 'at HELLO' : isFatal(code) ? 'yes' : 'no';
    return [String(code), name, fatal, undefined];
  });
}

/** The defaults of every broker, in the order of final's table, and what none of them lets anybody choose. */
function limitRows(): Row[] {
  const fixed = new Map([
    ['helloFrameLimit', HELLO_FRAME_LIMIT],
    ['maxKeyBytes', MAX_KEY_BYTES],
  ]);
  const columns = [BROKER_LIMITS, LOG_LIMITS, LIMITS].map((table) => new Map(Object.entries(table)));
  const rows = Object.keys(LIMITS).map((name): Row => {
    const values = columns.map((limits) => {
      const value = limits.get(name)?.default ?? fixed.get(name);
      if (value === undefined) return 'none';
      const share = limits.has(name) ? SHARES_OF_MEMORY.get(name) : undefined;
      if (share !== undefined) return share;
      return limits.has(name) ? digits(value) : `${digits(value)}, fixed`;
    });
    return [undefined, `\`${name}\``, ...values, undefined];
  });
  return [...rows, [undefined, '(fixed)', ...columns.map(() => digits(MAX_PING_BYTES)), undefined]];
}

/** What the tests hold the broker to: request, what it is about, who may, and what the others are told. */
function permissionRows(): Row[] {
  return Object.entries(PERMISSIONS).flatMap(([request, rules]) =>
    rules.map(({ targets, who }): Row => {
      const about = targets.map(nameOfTarget).join(', ');
      if (who === 'yes') return [request, about, 'everybody', 'none'];
      if (who === 'dropped') return [request, about, 'everybody, and nothing is kept', 'none'];
      if (typeof who === 'string') return [request, about, 'nobody', who];
      return [request, about, who.join(', '), 'DENIED'];
    }),
  );
}

/** A name of a topic or pattern as code; what is said in words, as it is. */
function nameOfTarget(target: Target): string {
  const [name]: readonly string[] = TARGETS[target];
  return name === target ? `\`${target}\`` : target;
}

function kindRows(): Row[] {
  return KINDS.map((kind): Row => {
    const rule = AUTH.tokens?.find(({ token }) => token === kind) ?? AUTH.anonymous ?? {};
    const list = (topics: readonly string[] | undefined, otherwise: string): string => {
      if (topics === undefined) return otherwise;
      return topics.length === 0 ? 'nothing' : topics.map((topic) => `\`${topic}\``).join(', ');
    };
    const { publish, subscribe, manage } = rule;
    const cells = [list(publish, 'left out'), list(subscribe, 'left out'), list(manage, 'left out')];
    return [kind === 'anonymous' ? 'no token' : 'a token', kind, ...cells];
  });
}

/** 1048576 as 1,048,576. */
function digits(value: number): string {
  return value.toLocaleString('en-US');
}

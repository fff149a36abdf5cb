/** Tables of the specification that come from the wire's own tables: frames of both directions, and errors. */
import {
  BROKER_FRAMES,
  CLIENT_FRAMES,
  ErrorCode,
  FIELDS,
  type FieldName,
  type FrameTable,
  isFatal,
  MAX_PING_BYTES,
} from '#protocol';
import { type Filled, findFences } from './markdown.ts';

const MARKER = /^\s*<!-- (frames: client|frames: broker|errors) -->\s*$/;

/** What is generated of a row: all cells but the last, which people write. The second cell is its name. */
type Row = readonly [first: string, name: string, third: string];

/** The tables by their markers. */
const ROWS: ReadonlyMap<string, readonly Row[]> = new Map([
  ['frames: client', frameRows(CLIENT_FRAMES)],
  ['frames: broker', frameRows(BROKER_FRAMES)],
  ['errors', errorRows()],
]);

/**
 * Fills the table behind each `<!-- frames: client -->`, `<!-- frames: broker -->` and `<!-- errors -->`. The head and the
 * last cell of each row are the author's and stay; a frame or an error that is new gets an empty one.
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
    const written = new Map<string, string>();
    for (const row of lines.slice(start + 2, end)) {
      const [, , name = '', , last = ''] = row.split('|').map((cell) => cell.trim());
      written.set(name, last);
    }
    const filled = rows.map(([first, name, third]) => {
      const last = written.get(name) ?? '';
      if (last === '') mistakes.push(`${path}:${index + 1}: say something about ${name} in its last cell`);
      return `| ${first} | ${name} | ${third} | ${last} |`;
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
    return [hex, name, body.length === 0 ? 'none' : `\`${body.join(', ')}\`${more}`];
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
    return [String(code), name, fatal];
  });
}

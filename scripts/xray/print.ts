import pc from 'picocolors';
import { explainFrame } from '../../final/inspector/explain/explain-frame.ts';
import { visible } from '../../final/inspector/explain/visible-text.ts';
import type { TappedFrame } from './tap.ts';

/** Bytes in a row. */
const PER_ROW = 16;
/** Rows of one field; of a large payload the beginning says enough. */
const MAX_ROWS = 4;

const arrow = (direction: 'in' | 'out'): string => (direction === 'in' ? pc.cyan('→') : pc.magenta('←'));

/** The lines that explain a frame, byte by byte. */
export function printFrame(connection: number, frame: TappedFrame, plain: boolean): string[] {
  const { direction, bytes, size, mistake } = frame;
  const { name, topic, summary, fields } = plain ? explainPlain(bytes, size) : explainFrame(bytes, size);
  const title = `#${connection} ${arrow(direction)} ${pc.bold(name)}`;
  const about = topic === undefined ? '' : ` "${visible(topic, 60)}"`;
  const lines = [`${title}${about}  ${pc.dim(summary)}`];
  for (const field of fields) {
    const text = [field.name, field.value, field.note].filter((part) => part !== '').join('  ');
    const rows = hexRows(bytes, field.from, Math.min(field.to, bytes.length));
    for (const [index, row] of rows.entries()) {
      lines.push(`    ${row}${index === 0 ? `  ${field.kind === 'bad' ? pc.red(text) : text}` : ''}`);
    }
  }
  if (mistake !== '') lines.push(`    ${pc.red(`wrong: ${mistake}`)}`);
  return lines;
}

/** The lines that say from where on the bytes are no frames. */
export function printBroken(
  connection: number,
  direction: 'in' | 'out',
  reason: string,
  bytes: Uint8Array,
): string[] {
  const rows = hexRows(bytes, 0, bytes.length).map((row) => `    ${row}`);
  return [`#${connection} ${arrow(direction)} ${pc.red(`no frame: ${reason}`)}`, ...rows];
}

/** A frame of which only size and type are known. */
function explainPlain(bytes: Uint8Array, size: number): ReturnType<typeof explainFrame> {
  const type = bytes[4] ?? 0;
  const text = Buffer.from(bytes.subarray(5)).toString('utf8');
  const field = (name: string, from: number, to: number, value: string, note = '') =>
    ({ name, type: '', kind: 'rest', from, to, value, note }) as const;
  const head = [field('size', 0, 4, String(size - 4), 'bytes follow'), field('type', 4, 5, String(type))];
  const body = size > 5 ? [field('body', 5, bytes.length, `"${visible(text, 60)}"`)] : [];
  return { name: `type ${type}`, topic: undefined, summary: `${size} bytes`, fields: [...head, ...body] };
}

function hexRows(bytes: Uint8Array, from: number, to: number): string[] {
  const rows: string[] = [];
  for (let at = from; at < to && rows.length < MAX_ROWS; at += PER_ROW) {
    const cells = [...bytes.subarray(at, Math.min(to, at + PER_ROW))].map((byte) =>
      byte.toString(16).padStart(2, '0'),
    );
    rows.push(`${at.toString(16).padStart(4, '0')}  ${cells.join(' ').padEnd(PER_ROW * 3 - 1)}`);
  }
  if (to - from > MAX_ROWS * PER_ROW) rows.push(`... and ${to - from - MAX_ROWS * PER_ROW} bytes more`);
  return rows;
}

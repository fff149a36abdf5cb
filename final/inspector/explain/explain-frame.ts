import { BROKER_FRAMES, CLIENT_FRAMES, FIELDS, type FieldName } from '#protocol';
import { plural } from '../../format.ts';
import { noteOf } from './field-notes.ts';
import { type Field, FieldWalker, type NumberForm } from './field-walker.ts';
import { summaryOf } from './frame-summary.ts';

/** A frame, explained. */
export interface ExplainedFrame {
  /** `PUBLISH`; `type 7F` for one that there is not. */
  readonly name: string;
  /** The topic, where the frame has one. */
  readonly topic: string | undefined;
  /** The rest in a few words. */
  readonly summary: string;
  /** From the first byte to the last that is there, without gaps. */
  readonly fields: readonly Field[];
}

/** One row of the tables of frames. */
interface Layout {
  readonly name: string;
  readonly fields: readonly (readonly [name: string, kind: FieldName])[];
}

/** All types of both directions. */
const LAYOUTS: ReadonlyMap<number, Layout> = new Map(
  [CLIENT_FRAMES, BROKER_FRAMES].flatMap((table) =>
    Object.entries(table).map(([name, { type, fields }]) => [type, { name, fields: Object.entries(fields) }]),
  ),
);

/**
 * Explains each byte of a frame, as the tables of frames lay it out. Nothing here needs a page: it is for terminals too.
 *
 * @param bytes - the frame from its first byte; may be cut off
 * @param size - bytes of the whole frame
 */
export function explainFrame(bytes: Uint8Array, size = bytes.length): ExplainedFrame {
  const walker = new FieldWalker(bytes, size);
  walker.number('size', 'u32', 'size', (value) => `${plural(value, 'byte')} follow`);
  const type = walker.number('type', 'u8', 'type', (value) => LAYOUTS.get(value)?.name ?? 'unknown');
  const layout = LAYOUTS.get(type ?? -1);
  const numbers = new Map<string, number>();
  let topic: string | undefined;
  for (const [name, kind] of layout?.fields ?? []) {
    if (walker.done) break;
    if (kind === 'text8' || kind === 'text16') {
      const text = walker.text(name, kind, noteOf);
      if (name === 'topic') topic = text;
    } else if (kind === 'ping') {
      walker.restAs(name, 'payload');
    } else if (kind === 'records') {
      const records = walker.number('count', 'u16', 'number', (value) => plural(value, 'record')) ?? 0;
      numbers.set('count', records);
      walker.records(records, numbers.get('firstId'));
    } else {
      const use = /id$/i.test(name) || name === 'after' || name === 'upTo' ? 'id' : 'number';
      const value = walker.number(name, FIELDS[kind].form as NumberForm, use, (n) => noteOf(name, n));
      if (value !== undefined) numbers.set(name, value);
    }
  }
  walker.finish(layout !== undefined);
  const name = layout?.name ?? `type ${(type ?? 0).toString(16).padStart(2, '0').toUpperCase()}`;
  return { name, topic, summary: summaryOf(name, numbers, size), fields: walker.fields };
}

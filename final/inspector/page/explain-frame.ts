import { count, duration, plural, bytes as sizeText } from './format.ts';
import { ERROR_NAMES, type FieldType, LAYOUTS } from './frame-layout.ts';
import { visible } from './visible-text.ts';

/** What a field is for: decides its colour. */
export type FieldKind =
  | 'size'
  | 'type'
  | 'number'
  | 'id'
  | 'length'
  | 'text'
  | 'key'
  | 'payload'
  | 'bad'
  | 'rest';

/** A run of bytes with a meaning. */
export interface Field {
  readonly name: string;
  /** As docs/protocol.md calls it: `u32`, `text8`, ... */
  readonly type: string;
  readonly kind: FieldKind;
  /** Its bytes: `bytes[from, to)` of the frame. */
  readonly from: number;
  readonly to: number;
  readonly value: string;
  /** What the value means, where that is not plain. */
  readonly note: string;
}

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

/**
 * Explains each byte of a frame.
 *
 * @param bytes - the frame from its first byte; may be cut off
 * @param size - bytes of the whole frame
 */
export function explainFrame(bytes: Uint8Array, size = bytes.length): ExplainedFrame {
  const reader = new FieldReader(bytes, size);
  reader.number('size', 'u32', 'size', (value) => `${plural(value, 'byte')} follow`);
  const type = reader.number('type', 'u8', 'type', (value) => LAYOUTS.get(value)?.name ?? 'unknown');
  const layout = LAYOUTS.get(type ?? -1);
  const numbers = new Map<string, number>();
  let topic: string | undefined;
  for (const { name, type: fieldType } of layout?.fields ?? []) {
    if (reader.done) break;
    switch (fieldType) {
      case 'text8':
      case 'text16': {
        const text = reader.text(name, fieldType, noteOf);
        if (name === 'topic') topic = text;
        break;
      }
      case 'bytes':
        reader.restAs(name, 'payload');
        break;
      case 'records':
        reader.records(numbers.get('count') ?? 0, numbers.get('firstId'));
        break;
      default: {
        const value = reader.number(
          name,
          fieldType,
          /id$/i.test(name) || name === 'after' ? 'id' : 'number',
          (n) => noteOf(name, n),
        );
        if (value !== undefined) numbers.set(name, value);
      }
    }
  }
  reader.finish(layout !== undefined);
  const name = layout?.name ?? `type ${(type ?? 0).toString(16).padStart(2, '0').toUpperCase()}`;
  return { name, topic, summary: summaryOf(name, numbers, size), fields: reader.fields };
}

function summaryOf(name: string, numbers: ReadonlyMap<string, number>, size: number): string {
  const get = (key: string): number => numbers.get(key) ?? 0;
  const parts: string[] = [];
  if (get('request') > 0) parts.push(`#${get('request')}`);
  if (name === 'ERROR') parts.push(ERROR_NAMES.get(get('code')) ?? String(get('code')));
  if (name === 'PUBLISH') parts.push(plural(get('count'), 'message'));
  if ((name === 'MESSAGES' || name === 'PUBLISHED') && get('count') > 0) {
    const last = get('firstId') + get('count') - 1;
    parts.push(get('count') === 1 ? `id ${get('firstId')}` : `ids ${get('firstId')} – ${last}`);
  }
  if (name === 'COMMIT') parts.push(`up to ${get('id')}`);
  if (name === 'SKIPPED') parts.push(`ids ${get('fromId')} – ${get('toId')}`);
  if (name === 'LAG' && numbers.has('messages')) parts.push(plural(get('messages'), 'message'));
  parts.push(sizeText(size));
  return parts.join(' · ');
}

const STARTS = [
  'earliest: all that is retained',
  'latest: only what comes next',
  'after the id in the next field',
];

function noteOf(name: string, value: number): string {
  switch (name) {
    case 'request':
      return value === 0 ? 'asks for no answer' : 'which the answer repeats';
    case 'start':
      return STARTS[value] ?? 'not known';
    case 'window':
      return value === 0 ? 'no limit, no need to commit' : 'may stand delivered and uncommitted';
    case 'retentionMs':
      return value === 0 ? 'kept only until the subscribers have it' : `kept for ${duration(value)}`;
    case 'dedupeMs':
      return value === 0 ? 'no dedupe' : `a key counts once in ${duration(value)}`;
    case 'code':
      return `${ERROR_NAMES.get(value) ?? 'not known'}: ${value < 16 ? 'the connection ends' : 'the connection stays'}`;
    case 'maxFrameSize':
      return sizeText(value);
    case 'count':
      return plural(value, 'record');
    case 'epoch':
      return "this life of the broker's logs";
    case 'name length':
    case 'topic length':
    case 'group length':
    case 'reason length':
      return plural(value, 'byte');
    case 'token length':
      return value === 0 ? 'no token' : `${plural(value, 'byte')}; the token itself is masked`;
    default:
      return '';
  }
}

const SIZES = { u8: 1, u16: 2, u32: 4, u64: 8 };
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads fields one behind the other; invariant: `fields` cover the bytes before `#at` without gaps. */
class FieldReader {
  readonly fields: Field[] = [];
  /** True when nothing more can be read: the bytes are at their end, or do not make sense. */
  done = false;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #size: number;
  #at = 0;

  constructor(bytes: Uint8Array, size: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#size = size;
  }

  /** A number. */
  number(
    name: string,
    type: FieldType,
    kind: FieldKind,
    note: (value: number) => string,
  ): number | undefined {
    const size = SIZES[type as keyof typeof SIZES];
    if (!this.#has(size, name, type)) return undefined;
    const at = this.#at;
    const value =
      size === 1
        ? this.#view.getUint8(at)
        : size === 2
          ? this.#view.getUint16(at)
          : size === 4
            ? this.#view.getUint32(at)
            : Number(this.#view.getBigUint64(at));
    const shown = kind === 'type' ? value.toString(16).padStart(2, '0').toUpperCase() : count(value);
    this.#take(size, { name, type, kind, value: shown, note: note(value) });
    return value;
  }

  /** A text behind its length. */
  text(
    name: string,
    type: 'text8' | 'text16',
    noteFor: (name: string, value: number) => string,
  ): string | undefined {
    const lengthName = `${name} length`;
    const size = this.number(lengthName, type === 'text8' ? 'u8' : 'u16', 'length', (n) =>
      noteFor(lengthName, n),
    );
    if (size === undefined || size === 0) return size === 0 ? '' : undefined;
    if (!this.#has(size, name, type)) return undefined;
    const slice = this.#bytes.subarray(this.#at, this.#at + size);
    const text = textOf(slice);
    this.#take(size, {
      name,
      type,
      kind: text === undefined ? 'bad' : 'text',
      value: text === undefined ? hexOf(slice) : visible(text),
      note: text === undefined ? 'not valid UTF-8' : '',
    });
    return text ?? '';
  }

  /** Records, one behind the other. */
  records(records: number, firstId: number | undefined): void {
    for (let i = 0; i < records && !this.done; i++) {
      const which = firstId === undefined ? `record ${i + 1}` : `id ${count(firstId + i)}`;
      const keySize = this.number(`${which}: key size`, 'u16', 'length', (n) => (n === 0 ? 'no key' : ''));
      const payloadSize = this.number(`${which}: payload size`, 'u32', 'length', (n) => plural(n, 'byte'));
      if (keySize === undefined || payloadSize === undefined) return;
      if (keySize > 0) this.#blob(`${which}: key`, 'key', keySize);
      if (payloadSize > 0 && !this.done) this.#blob(`${which}: payload`, 'payload', payloadSize);
    }
  }

  /** All that is left. */
  restAs(name: string, kind: FieldKind): void {
    const left = this.#size - this.#at;
    if (left > 0) this.#blob(name, kind, left);
  }

  /** Whatever was not explained: fields that were cut, or bytes that have no business to be there. */
  finish(known: boolean): void {
    const left = this.#bytes.length - this.#at;
    if (left === 0) return;
    const cut = this.#bytes.length < this.#size;
    const note = cut ? 'cut off here' : known ? 'behind the last field' : 'a type that is not known';
    const value = previewOf(this.#bytes.subarray(this.#at));
    this.#take(left, { name: 'more', type: 'bytes', kind: known && !cut ? 'bad' : 'rest', value, note });
  }

  #blob(name: string, kind: FieldKind, size: number): void {
    if (this.#size - this.#at < size) {
      this.#bad(name, 'bytes', size);
      return;
    }
    const there = Math.min(size, this.#bytes.length - this.#at);
    const slice = this.#bytes.subarray(this.#at, this.#at + there);
    const note =
      there < size ? `the first ${count(there)} of ${count(size)} bytes are shown` : plural(size, 'byte');
    if (there < size) this.done = true;
    if (there > 0)
      this.#take(there, { name, type: 'bytes', kind, value: previewOf(slice, there < size), note });
  }

  #has(size: number, name: string, type: string): boolean {
    if (this.done) return false;
    if (this.#bytes.length - this.#at >= size) return true;
    if (this.#size - this.#at < size) this.#bad(name, type, size);
    // Otherwise the frame goes on, and only what we were shown ends here.
    this.done = true;
    return false;
  }

  #bad(name: string, type: string, size: number): void {
    this.done = true;
    const left = this.#bytes.length - this.#at;
    if (left === 0) return;
    const note = `${plural(size, 'byte')} would lead past the end of the frame`;
    this.#take(left, { name, type, kind: 'bad', value: '', note });
  }

  #take(size: number, field: Omit<Field, 'from' | 'to'>): void {
    this.fields.push({ ...field, from: this.#at, to: this.#at + size });
    this.#at += size;
  }
}

function textOf(slice: Uint8Array): string | undefined {
  try {
    return utf8.decode(slice);
  } catch {
    return undefined;
  }
}

/** Bytes as text where they are text, otherwise as hexadecimal numbers. */
export function previewOf(slice: Uint8Array, cut = false): string {
  // A cut may go through the middle of a character.
  for (let drop = 0; drop <= (cut ? 3 : 0); drop++) {
    const text = textOf(slice.subarray(0, slice.length - drop));
    if (text !== undefined) return visible(text, 200);
  }
  return hexOf(slice);
}

function hexOf(slice: Uint8Array): string {
  const shown = [...slice.subarray(0, 32)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return slice.length > 32 ? `${shown} …` : shown;
}

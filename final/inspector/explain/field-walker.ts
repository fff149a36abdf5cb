import { count, plural } from '../../format.ts';
import { hexOf, previewOf, textOf } from './preview.ts';
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

/** How a number is laid out. */
export type NumberForm = keyof typeof SIZES;

const SIZES = { u8: 1, u16: 2, u32: 4, u64: 8 };

/**
 * Goes through the bytes of a frame, field by field, as far as they make sense. Invariant: `fields` cover the bytes before
 * `#at` without gaps.
 */
export class FieldWalker {
  readonly fields: Field[] = [];
  /** True when nothing more can be read: the bytes are at their end, or do not make sense. */
  done = false;
  readonly #bytes: Uint8Array;
  readonly #size: number;
  #at = 0;

  constructor(bytes: Uint8Array, size: number) {
    this.#bytes = bytes;
    this.#size = size;
  }

  /** A number. */
  number(
    name: string,
    type: NumberForm,
    kind: FieldKind,
    note: (value: number) => string,
  ): number | undefined {
    const size = SIZES[type];
    if (!this.#has(size, name, type)) return undefined;
    const hex = hexOf(this.#bytes.subarray(this.#at, this.#at + size)).replaceAll(' ', '');
    // As a bigint it is exact, whatever a broken peer has sent.
    const exact = BigInt(`0x${hex}`);
    const value = Number(exact);
    const shown = kind === 'type' ? hex.toUpperCase() : count(exact);
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

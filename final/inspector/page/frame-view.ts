import { count, plural } from '../../format.ts';
import type { ExplainedFrame } from '../explain/explain-frame.ts';
import type { Field } from '../explain/field-walker.ts';
import { visible } from '../explain/visible-text.ts';
import type { FrameState } from '../state.ts';
import { arrange, byId, element, setText } from './dom.ts';

/** Bytes in a row of the dump. */
const PER_ROW = 16;

/** Why bytes of a frame are not shown. */
const HIDDEN = {
  topic: 'your token may not read this topic',
  inbox: 'replies are shown to nobody',
} as const satisfies Record<NonNullable<FrameState['hidden']>, string>;

/** One frame: its bytes, and what each of them means. Pointing at either lights up the other. */
export class FrameView {
  readonly #hex = byId('hex', HTMLElement);
  readonly #list = byId('fields', HTMLElement);
  readonly #reading = byId('reading', HTMLElement);
  #fields: readonly Field[] = [];
  #active = -1;
  #bytes: Uint8Array = new Uint8Array();

  constructor() {
    const point = (event: Event): void => {
      const target = event.target instanceof Element ? event.target.closest('[data-field]') : null;
      if (target instanceof HTMLElement) this.#light(Number(target.dataset.field), false);
    };
    for (const place of [this.#hex, this.#list]) {
      place.addEventListener('pointerover', point);
      place.addEventListener('click', point);
    }
    this.#list.addEventListener('keydown', (event) => this.#key(event));
    this.#list.addEventListener('focus', () => this.#light(Math.max(0, this.#active), true));
  }

  /** True while somebody points into it, or moves in it: then it should not change. */
  get inUse(): boolean {
    return byId('frame', HTMLElement).matches(':hover') || document.activeElement === this.#list;
  }

  /** Shows a frame. */
  show(explained: ExplainedFrame, bytes: Uint8Array, frame: FrameState): void {
    const topic = explained.topic === undefined ? '' : ` “${visible(explained.topic, 80)}”`;
    setText(byId('frame-title', HTMLElement), `${explained.name}${topic}`);
    const who = frame.name === '' ? `connection ${frame.connection}` : visible(frame.name, 40);
    const way = frame.direction === 'in' ? `from ${who} to the broker` : `from the broker to ${who}`;
    const cut = frame.hidden
      ? ` · ${HIDDEN[frame.hidden]}`
      : bytes.length < frame.size
        ? ` · ${count(frame.size - bytes.length)} bytes more are not shown`
        : '';
    setText(byId('frame-about', HTMLElement), `${way} · ${explained.summary}${cut}`);
    this.#fields = explained.fields;
    this.#active = -1;
    this.#bytes = bytes;
    this.#showBytes(bytes);
    this.#read(undefined);
    this.#list.removeAttribute('aria-activedescendant');
    arrange(this.#list, explained.fields.map(fieldOption));
  }

  #showBytes(bytes: Uint8Array): void {
    const owner = new Uint16Array(bytes.length);
    this.#fields.forEach(({ from, to }, i) => {
      owner.fill(i, from, to);
    });
    const rows: HTMLElement[] = [];
    for (let at = 0; at < bytes.length; at += PER_ROW) {
      const cells: HTMLElement[] = [];
      const letters: HTMLElement[] = [];
      for (let i = at; i < Math.min(bytes.length, at + PER_ROW); i++) {
        const byte = bytes[i] ?? 0;
        const field = owner[i] ?? 0;
        const { kind = 'rest', to = 0 } = this.#fields[field] ?? {};
        // Neighbours of one field touch, so that it is one stretch for the eye.
        const joins = i + 1 < to && i + 1 < at + PER_ROW ? ' joins' : '';
        const attributes = { 'data-field': String(field) };
        const text = byte.toString(16).padStart(2, '0');
        cells.push(element('span', { class: `byte ${kind}${joins}`, text, attributes }));
        const letter = byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';
        letters.push(element('span', { text: letter, attributes }));
      }
      rows.push(
        element('div', { class: 'hex-row' }, [
          element('span', { class: 'offset', text: at.toString(16).padStart(4, '0') }),
          element('span', { class: 'cells' }, cells),
          element('span', { class: 'letters' }, letters),
        ]),
      );
    }
    this.#hex.replaceChildren(...rows);
  }

  /** Says under the dump what the lit bytes mean. */
  #read(field: Field | undefined): void {
    if (field === undefined) {
      this.#reading.replaceChildren(
        element('p', {
          class: 'aside',
          text: 'Point at a byte, or go through the fields with the arrow keys.',
        }),
      );
      return;
    }
    const { name, type, kind, from, to, value, note } = field;
    const raw = [...this.#bytes.subarray(from, Math.min(to, from + 8))];
    const digits = raw.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const isNumber = type.startsWith('u');
    this.#reading.replaceChildren(
      element('p', { class: 'reading-head' }, [
        element('i', { class: `chip ${kind}` }),
        element('span', { class: 'reading-name', text: name }),
        element('code', { text: type }),
        element('span', { class: 'aside', text: note }),
      ]),
      element('p', { class: 'reading-value', text: isNumber ? `${digits} = ${value}` : value }),
    );
  }

  #light(field: number, scroll: boolean): void {
    if (field === this.#active || field >= this.#fields.length) return;
    this.#active = field;
    for (const lit of document.querySelectorAll('.xray .lit')) lit.classList.remove('lit');
    for (const cell of this.#hex.querySelectorAll(`[data-field="${field}"]`)) cell.classList.add('lit');
    for (const [i, option] of [...this.#list.children].entries()) {
      option.setAttribute('aria-selected', String(i === field));
    }
    this.#read(this.#fields[field]);
    const option = this.#list.children[field];
    if (option === undefined) return;
    option.classList.add('lit');
    this.#list.setAttribute('aria-activedescendant', option.id);
    if (scroll) option.scrollIntoView({ block: 'nearest' });
  }

  #key(event: KeyboardEvent): void {
    const last = this.#fields.length - 1;
    const steps: Record<string, number> = {
      ArrowDown: this.#active + 1,
      ArrowRight: this.#active + 1,
      ArrowUp: this.#active - 1,
      ArrowLeft: this.#active - 1,
      Home: 0,
      End: last,
    };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#light(Math.min(last, Math.max(0, to)), true);
  }
}

function fieldOption(field: Field, number: number): HTMLElement {
  const { name, type, kind, from, to, value, note } = field;
  const size = to - from;
  const where = size === 1 ? `byte ${from}` : `bytes ${from} – ${to - 1}`;
  return element(
    'div',
    {
      class: 'option',
      attributes: {
        role: 'option',
        id: `field-${number}`,
        'data-field': String(number),
        'aria-selected': 'false',
      },
    },
    [
      element('i', { class: `chip ${kind}`, attributes: { 'aria-hidden': 'true' } }),
      element('span', { class: 'field-name' }, [name, ' ', element('code', { text: type })]),
      element('span', { class: 'field-value', text: value === '' ? plural(size, 'byte') : value }),
      element('span', { class: 'field-note', text: note === '' ? where : `${note} · ${where}` }),
    ],
  );
}

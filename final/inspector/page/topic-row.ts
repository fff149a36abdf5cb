import { bytes, count, duration, plural, short } from '../../format.ts';
import { visible } from '../explain/visible-text.ts';
import type { ReaderState, TopicState } from '../state.ts';
import { arrange, element, setText } from './dom.ts';
import { isBehind, nameOf, Ribbon } from './ribbon.ts';

/** One topic in the list: its name, its ribbon, its figures, and, unfolded, a table of its readers. */
export class TopicRow {
  readonly root: HTMLLIElement;
  readonly ribbon: Ribbon;
  topic: TopicState;
  readonly #toggle: HTMLButtonElement;
  readonly #about = element('p', { class: 'aside' });
  readonly #ids = element('p', { class: 'ids' }, [element('span'), element('span'), element('span')]);
  readonly #rate = element('b');
  readonly #lag = element('b');
  readonly #readers = element('tbody');
  readonly #detail: HTMLElement;

  constructor(topic: TopicState, number: number) {
    this.topic = topic;
    const detailId = `topic-${number}`;
    this.#toggle = element('button', {
      class: 'topic-name',
      text: visible(topic.name, 120),
      attributes: { type: 'button', 'aria-expanded': 'false', 'aria-controls': detailId },
    });
    const canvas = element('canvas', { class: 'ribbon', attributes: { role: 'img' } });
    this.ribbon = new Ribbon(canvas, topic);
    const heads = ['Reader', 'Next id', 'Lag', 'Uncommitted', 'Window'].map((text, i) =>
      element('th', { text, class: i > 0 ? 'number' : '', attributes: { scope: 'col' } }),
    );
    this.#detail = element('div', { class: 'detail', attributes: { id: detailId } }, [
      element('table', {}, [element('thead', {}, [element('tr', {}, heads)]), this.#readers]),
    ]);
    this.#detail.hidden = true;
    this.root = element('li', { class: 'topic' }, [
      element('div', { class: 'topic-title' }, [this.#toggle, this.#about]),
      element('div', { class: 'topic-log' }, [canvas, this.#ids]),
      element('dl', { class: 'topic-figures' }, [
        element('div', {}, [element('dt', { text: 'msg/s' }), element('dd', {}, [this.#rate])]),
        element('div', {}, [element('dt', { text: 'max lag' }), element('dd', {}, [this.#lag])]),
      ]),
      this.#detail,
    ]);
    this.#toggle.addEventListener('click', () => {
      this.#detail.hidden = !this.#detail.hidden;
      this.#toggle.setAttribute('aria-expanded', String(!this.#detail.hidden));
      this.#showReaders();
    });
  }

  /** The largest lag of its readers. */
  get lag(): number {
    return this.topic.readers.reduce((most, { lag }) => Math.max(most, lag), 0);
  }

  /** Shows a new state. */
  update(topic: TopicState): void {
    this.topic = topic;
    this.ribbon.update(topic);
    const { firstId, lastId, retentionMs, dedupeMs, segments } = topic;
    const kept = retentionMs > 0 ? `kept ${duration(retentionMs)}` : 'kept until read';
    const dedupe = dedupeMs > 0 ? ` · dedupe ${duration(dedupeMs)}` : '';
    setText(this.#about, `${kept}${dedupe} · ${plural(topic.readerCount, 'reader')}`);
    const [first, middle, last] = this.#ids.children;
    const empty = firstId > lastId || segments.length === 0;
    if (first) setText(first, empty ? '' : `id ${count(firstId)}`);
    if (middle) setText(middle, segments.length === 0 ? 'nothing kept' : bytes(topic.bytes));
    if (last) setText(last, lastId === 0 ? 'no message yet' : `id ${count(lastId)}`);
    setText(this.#rate, short(topic.rate));
    setText(this.#lag, topic.readerCount === 0 ? '–' : short(this.lag));
    this.root.classList.toggle('behind', topic.readers.some(isBehind));
    const label = `${plural(segments.length, 'segment')}, ${bytes(topic.bytes)}, ${plural(topic.readerCount, 'reader')}, largest lag ${count(this.lag)}`;
    if (this.ribbon.canvas.getAttribute('aria-label') !== label) {
      this.ribbon.canvas.setAttribute('aria-label', label);
    }
    if (!this.#detail.hidden) this.#showReaders();
  }

  #showReaders(): void {
    const { readers, readerCount } = this.topic;
    const rows = readers.map(readerRow);
    if (readerCount === 0) rows.push(noteRow('Nobody reads this topic now.'));
    else if (readerCount > readers.length) {
      rows.push(noteRow(`and ${count(readerCount - readers.length)} more, which lag less`));
    }
    arrange(this.#readers, rows);
  }
}

function readerRow(reader: ReaderState): HTMLTableRowElement {
  const texts = [
    count(reader.nextId),
    count(reader.lag),
    count(reader.uncommitted),
    reader.window === 0 ? 'no limit' : count(reader.window),
  ];
  return element('tr', { class: isBehind(reader) ? 'behind' : '' }, [
    element('th', { text: nameOf(reader), attributes: { scope: 'row' } }),
    ...texts.map((text) => element('td', { class: 'number', text })),
  ]);
}

function noteRow(text: string): HTMLTableRowElement {
  return element('tr', {}, [element('td', { class: 'aside', text, attributes: { colspan: '5' } })]);
}

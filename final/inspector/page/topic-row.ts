import { bytes, count, duration, plural, short } from '../../format.ts';
import { visible } from '../explain/visible-text.ts';
import type { ReaderState, TopicState } from '../state.ts';
import { arrange, element, nameTableParts, setText } from './dom.ts';
import { isBehind, nameOf, Ribbon } from './ribbon.ts';

/** What is told of each reader. On a narrow screen each cell stands below its label. */
const COLUMNS = ['Next id', 'Unsent', 'Uncommitted', 'Window'];

/** One topic in the list: its name, its ribbon, its figures, and, unfolded, a table of its readers. */
export class TopicRow {
  readonly root: HTMLLIElement;
  readonly ribbon: Ribbon;
  topic: TopicState;
  readonly #toggle: HTMLButtonElement;
  readonly #about = element('p', { class: 'aside' });
  readonly #ids = element('p', { class: 'ids' }, [element('span'), element('span'), element('span')]);
  readonly #rate = element('b');
  readonly #unsent = element('b');
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
    const heads = ['Reader', ...COLUMNS].map((text, i) =>
      element('th', { text, class: i > 0 ? 'number' : '', attributes: { scope: 'col' } }),
    );
    const head = element('thead', {}, [element('tr', {}, heads)]);
    const table = nameTableParts(element('table', { class: 'stacks' }, [head, this.#readers]));
    this.#detail = element('div', { class: 'detail', attributes: { id: detailId } }, [table]);
    this.#detail.hidden = true;
    this.root = element('li', { class: 'topic' }, [
      element('div', { class: 'topic-title' }, [this.#toggle, this.#about]),
      element('div', { class: 'topic-log' }, [canvas, this.#ids]),
      element('dl', { class: 'topic-figures' }, [
        element('div', {}, [element('dt', { text: 'msg/s' }), element('dd', {}, [this.#rate])]),
        element('div', {}, [element('dt', { text: 'unsent' }), element('dd', {}, [this.#unsent])]),
      ]),
      this.#detail,
    ]);
    this.#toggle.addEventListener('click', () => {
      this.#detail.hidden = !this.#detail.hidden;
      this.#toggle.setAttribute('aria-expanded', String(!this.#detail.hidden));
      this.#showReaders();
    });
  }

  /** What its slowest reader has not been sent, in messages. */
  get unsent(): number {
    return this.topic.readers.reduce((most, { unsent }) => Math.max(most, unsent), 0);
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
    setText(this.#unsent, topic.readerCount === 0 ? '–' : short(this.unsent));
    this.root.classList.toggle('behind', topic.readers.some(isBehind));
    const label = `${plural(segments.length, 'segment')}, ${bytes(topic.bytes)}, ${plural(topic.readerCount, 'reader')}, at most ${count(this.unsent)} unsent`;
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
      rows.push(noteRow(`and ${count(readerCount - readers.length)} more, with less unsent`));
    }
    arrange(this.#readers, rows);
  }
}

function readerRow(reader: ReaderState): HTMLTableRowElement {
  const texts = [
    count(reader.nextId),
    count(reader.unsent),
    count(reader.uncommitted),
    reader.window === 0 ? 'no limit' : count(reader.window),
  ];
  const row = element('tr', { class: isBehind(reader) ? 'behind' : '' }, [
    element('th', { text: nameOf(reader), attributes: { scope: 'row' } }),
    ...COLUMNS.map((label, i) =>
      element('td', { class: 'number', text: texts[i] ?? '', attributes: { 'data-label': label } }),
    ),
  ]);
  return nameTableParts(row);
}

function noteRow(text: string): HTMLTableRowElement {
  const attributes = { colspan: String(COLUMNS.length + 1) };
  return nameTableParts(element('tr', {}, [element('td', { class: 'aside', text, attributes })]));
}

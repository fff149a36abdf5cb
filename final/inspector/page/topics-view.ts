import { count } from '../../format.ts';
import { visible } from '../explain/visible-text.ts';
import type { InspectorState } from '../state.ts';
import { arrange, byId, setText } from './dom.ts';
import { TopicRow } from './topic-row.ts';

type Order = (a: TopicRow, b: TopicRow) => number;

const byName: Order = (a, b) => (a.topic.name < b.topic.name ? -1 : 1);
const ORDERS: Readonly<Record<string, Order>> = {
  name: byName,
  rate: (a, b) => b.topic.rate - a.topic.rate || byName(a, b),
  unsent: (a, b) => b.unsent - a.unsent || byName(a, b),
  bytes: (a, b) => b.topic.bytes - a.topic.bytes || byName(a, b),
};

/** The list of topics, each with its ribbon. Only what can be seen is drawn. */
export class TopicsView {
  readonly #list = byId('topic-list', HTMLElement);
  readonly #sort = byId('topics-sort', HTMLSelectElement);
  readonly #rows = new Map<string, TopicRow>();
  readonly #byCanvas = new Map<Element, TopicRow>();
  readonly #seen: IntersectionObserver;
  readonly #sizes = new ResizeObserver(() => this.redraw());
  #made = 0;
  #frame = 0;
  #last = 0;
  #search = '';

  /** @param onSearch - told what is looked for */
  constructor(onSearch: (text: string) => void) {
    this.#seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const row = this.#byCanvas.get(target);
        if (row !== undefined) row.ribbon.onScreen = isIntersecting;
      }
      this.redraw();
    });
    this.#sizes.observe(this.#list);
    const search = byId('topics-search', HTMLInputElement);
    let waiting: ReturnType<typeof setTimeout> | undefined;
    search.addEventListener('input', () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        this.#search = search.value;
        onSearch(search.value);
      }, 200);
    });
    this.#sort.addEventListener('change', () => this.#order(true));
    this.#setUpTip();
  }

  /** Shows a state. */
  update({ topics, totals }: InspectorState): void {
    const gone = new Set(this.#rows.keys());
    let changed = false;
    for (const topic of topics) {
      gone.delete(topic.name);
      let row = this.#rows.get(topic.name);
      if (row === undefined) {
        changed = true;
        this.#made++;
        row = new TopicRow(topic, this.#made);
        this.#rows.set(topic.name, row);
        this.#byCanvas.set(row.ribbon.canvas, row);
        this.#seen.observe(row.ribbon.canvas);
      }
      row.update(topic);
    }
    for (const name of gone) this.#remove(name);
    this.#order(changed || gone.size > 0);
    this.#describe(topics.length, totals.topics);
    this.redraw();
  }

  /** Draws what can be seen, and goes on as long as something moves. */
  redraw(): void {
    if (this.#frame !== 0) return;
    this.#last = performance.now();
    this.#frame = requestAnimationFrame((now) => this.#draw(now));
  }

  #draw(now: number): void {
    const elapsed = Math.max(16, now - this.#last);
    this.#last = now;
    let moving = false;
    for (const { ribbon } of this.#rows.values()) {
      if (ribbon.onScreen && ribbon.step(elapsed)) moving = true;
    }
    this.#frame = moving ? requestAnimationFrame((next) => this.#draw(next)) : 0;
  }

  #remove(name: string): void {
    const row = this.#rows.get(name);
    if (row === undefined) return;
    this.#seen.unobserve(row.ribbon.canvas);
    this.#byCanvas.delete(row.ribbon.canvas);
    this.#rows.delete(name);
  }

  #order(changed: boolean): void {
    // Rows that change places under one's hand are hard to use.
    if (!changed && this.#list.matches(':focus-within, :hover')) return;
    const rows = [...this.#rows.values()].sort(ORDERS[this.#sort.value] ?? byName);
    arrange(
      this.#list,
      rows.map(({ root }) => root),
    );
  }

  #describe(shown: number, all: number): void {
    const text =
      this.#search !== ''
        ? `${count(shown)} with “${visible(this.#search, 40)}”`
        : all > shown + 5
          ? `the ${count(shown)} most active of ${count(all)}`
          : `${count(shown)}`;
    setText(byId('topics-count', HTMLElement), text);
    const empty = byId('topics-empty', HTMLElement);
    empty.hidden = shown > 0;
    setText(
      empty,
      this.#search === ''
        ? 'No topics yet. Publish something: a topic comes into being when it is first used.'
        : 'No topic has this in its name.',
    );
  }

  #setUpTip(): void {
    const tip = byId('tip', HTMLElement);
    this.#list.addEventListener('pointermove', (event) => {
      const row = event.target instanceof Element ? this.#byCanvas.get(event.target) : undefined;
      const text = row?.ribbon.describe(event.offsetX) ?? '';
      tip.hidden = text === '';
      setText(tip, text);
      const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
      tip.style.left = `${Math.max(8, Math.min(event.clientX + 12, room))}px`;
      tip.style.top = `${event.clientY + 16}px`;
    });
    this.#list.addEventListener('pointerleave', () => {
      tip.hidden = true;
    });
  }
}

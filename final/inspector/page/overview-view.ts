import uPlot from 'uplot';
import { bytes, clockTime, count, duration, short } from '../../format.ts';
import type { HistoryState, InspectorState } from '../state.ts';
import { byId, element, setText } from './dom.ts';
import { color } from './theme.ts';

/** Seconds that the chart shows. */
const SPAN = 300;
/** A rate is measured over so many updates: over one alone it would jump about. */
const OVER = 4;

/** Steps of the axis of bytes: powers of two, so that its labels are round. */
const BYTE_STEPS = Array.from({ length: 40 }, (_, i) => 2 ** i);

interface Point {
  readonly at: number;
  readonly published: number;
  readonly bytesOut: number;
}

/** Figures in a row, and the rates of the last five minutes. */
export class OverviewView {
  readonly #figures = new Map<string, HTMLElement>();
  readonly #points: Point[] = [];
  readonly #data: [number[], number[], number[]] = [[], [], []];
  #epoch = 0;
  #chart: uPlot | undefined;

  constructor() {
    const list = byId('figures', HTMLElement);
    for (const name of [
      'published',
      'messages/s',
      'out/s',
      'connections',
      'topics',
      'inboxes',
      'in logs',
      'memory held',
      'loop delay',
    ]) {
      const value = element('dd', { text: '–' });
      this.#figures.set(name, value);
      list.append(element('div', {}, [element('dt', { text: name }), value]));
    }
    const legend = byId('rates-legend', HTMLElement);
    legend.append(
      element('span', { class: 'legend', text: 'messages published a second' }),
      element('span', { class: 'legend second', text: 'bytes sent a second' }),
    );
    new ResizeObserver(() => this.#fit()).observe(byId('rates-chart', HTMLElement));
  }

  /** Shows a state. */
  update({ at, epoch, totals }: InspectorState): void {
    if (epoch !== this.#epoch) {
      // Another start of the broker: its counters began again.
      this.#epoch = epoch;
      this.#points.length = 0;
    }
    const { published, bytesOut } = totals;
    this.#points.push({ at, published, bytesOut });
    if (this.#points.length > OVER + 1) this.#points.shift();
    const first = this.#points[0];
    const seconds = first === undefined ? 0 : (at - first.at) / 1000;
    const rates =
      first === undefined || seconds <= 0
        ? { messages: 0, out: 0 }
        : {
            messages: Math.max(0, published - first.published) / seconds,
            out: Math.max(0, bytesOut - first.bytesOut) / seconds,
          };
    this.#set('published', count(published));
    this.#set('messages/s', short(rates.messages));
    this.#set('out/s', bytes(rates.out));
    this.#set('connections', count(totals.connections));
    this.#set('topics', count(totals.topics));
    this.#set('inboxes', count(totals.inboxes));
    this.#set('in logs', bytes(totals.logBytes));
    this.#set('memory held', memoryHeld(totals));
    this.#set('loop delay', duration(totals.eventLoopDelayMs));
    if (seconds > 0) this.#plot(at / 1000, rates.messages, rates.out);
  }

  /** Takes the rates that the broker has kept: whatever is shown already stays, where it is finer. */
  remember({ at, messages, bytes: out }: HistoryState): void {
    const [times, first, second] = this.#data;
    const known = times[0] ?? Number.POSITIVE_INFINITY;
    const missing = at.filter((time) => time / 1000 < known).length;
    times.unshift(...at.slice(0, missing).map((time) => time / 1000));
    first.unshift(...messages.slice(0, missing));
    second.unshift(...out.slice(0, missing));
    this.#chart?.setData(this.#data);
  }

  /** Draws the chart anew, in the colours of the theme. */
  restyle(): void {
    this.#chart?.destroy();
    this.#chart = undefined;
    this.#fit();
  }

  #set(name: string, text: string): void {
    const value = this.#figures.get(name);
    if (value !== undefined) setText(value, text);
  }

  #plot(at: number, messages: number, out: number): void {
    const [times, first, second] = this.#data;
    times.push(at);
    first.push(messages);
    second.push(out);
    while ((times[0] ?? at) < at - SPAN) {
      times.shift();
      first.shift();
      second.shift();
    }
    const minutes = Math.round((at - (times[0] ?? at)) / 6) / 10;
    const label = `Messages published and bytes sent a second, over ${minutes} min`;
    const place = byId('rates-chart', HTMLElement);
    if (place.getAttribute('aria-label') !== label) place.setAttribute('aria-label', label);
    this.#chart?.setData(this.#data);
  }

  #fit(): void {
    const place = byId('rates-chart', HTMLElement);
    const size = { width: place.clientWidth, height: place.clientHeight };
    if (size.width === 0) return;
    if (this.#chart === undefined) this.#chart = makeChart(place, size, this.#data);
    else this.#chart.setSize(size);
  }
}

function makeChart(
  place: HTMLElement,
  size: { width: number; height: number },
  data: uPlot.AlignedData,
): uPlot {
  const font = '11px system-ui, sans-serif';
  const axis = { stroke: color('ink-soft'), font, ticks: { show: false } };
  const grid = { stroke: color('line'), width: 1 };
  const none = { show: false };
  return new uPlot(
    {
      ...size,
      padding: [8, 0, 0, 0],
      legend: none,
      cursor: { points: { size: 6 }, drag: { setScale: false } },
      scales: {
        x: { time: true, range: (_chart, _min, max) => [(max ?? 0) - SPAN, max ?? 0] },
        messages: { range: (_chart, _min, max) => [0, niceTop(max)] },
        bytes: { range: (_chart, _min, max) => [0, niceTop(max)] },
      },
      axes: [
        { ...axis, grid: none, space: 90, size: 24, values: (_chart, all) => all.map(timeOfDay) },
        {
          ...axis,
          scale: 'messages',
          grid,
          space: 34,
          size: 52,
          values: (_chart, all) => all.map((v) => short(v)),
        },
        {
          ...axis,
          scale: 'bytes',
          side: 1,
          incrs: BYTE_STEPS,
          grid: none,
          space: 22,
          size: 66,
          values: (_chart, all) => all.map((v) => bytes(v)),
        },
      ],
      series: [
        {},
        { scale: 'messages', stroke: color('chart-1'), width: 2, fill: color('chart-1-fill'), points: none },
        { scale: 'bytes', stroke: color('chart-2'), width: 1.5, dash: [4, 3], points: none },
      ],
    },
    data,
    place,
  );
}

function niceTop(max: number | null): number {
  return Math.max(10, (max ?? 0) * 1.15);
}

function timeOfDay(seconds: number): string {
  return clockTime(seconds * 1000).slice(0, 8);
}

function memoryHeld({ retainedBytes, maxTotalRetainedBytes, memoryState }: InspectorState['totals']): string {
  // Where frames are watched on their way to some other broker, nothing is known of its memory.
  if (maxTotalRetainedBytes === 0) return '–';
  const state = memoryState === 'ok' ? '' : `, ${memoryState}`;
  return `${bytes(retainedBytes)} of ${bytes(maxTotalRetainedBytes)}${state}`;
}

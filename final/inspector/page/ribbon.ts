import { bytes, count, plural } from '../../format.ts';
import { visible } from '../explain/visible-text.ts';
import type { ReaderState, TopicState } from '../state.ts';
import { wantsLessMotion } from './dom.ts';
import { ribbonPaint } from './ribbon-paint.ts';

/** Where things stand in a ribbon, in pixels from its top. */
const BAR_TOP = 20;
const BAR_HEIGHT = 14;
const HEIGHT = 44;
/** Room at both sides, so that markers at the ends are whole. */
const EDGE = 7;
/** The smallest segment, in bytes. */
const MIN_SEGMENT = 4096;
/** Milliseconds in which a marker goes most of its way to where it belongs. */
const EASE = 140;

/** A cursor as it is drawn: on its way from where it was to where it is. */
interface Marker {
  reader: ReaderState;
  at: number;
}

/**
 * Draws one topic's log: each segment to scale, what is retained of it, and each subscriber's cursor. A canvas, as
 * there may be hundreds, four times a second.
 */
export class Ribbon {
  readonly canvas: HTMLCanvasElement;
  /** False while it cannot be seen: then nothing is drawn. */
  onScreen = false;
  #topic: TopicState;
  // What is drawn now; eases towards what #topic says.
  #begin: number;
  #end: number;
  readonly #markers = new Map<string, Marker>();
  #width = 0;

  constructor(canvas: HTMLCanvasElement, topic: TopicState) {
    this.canvas = canvas;
    this.#topic = topic;
    [this.#begin, this.#end] = rangeOf(topic);
    canvas.style.height = `${HEIGHT}px`;
  }

  /** Takes a new state, to which {@link Ribbon.step} will move. */
  update(topic: TopicState): void {
    this.#topic = topic;
    const gone = new Set(this.#markers.keys());
    for (const reader of topic.readers) {
      const key = `${reader.kind} ${reader.connection} ${reader.name}`;
      gone.delete(key);
      const marker = this.#markers.get(key);
      if (marker === undefined) this.#markers.set(key, { reader, at: reader.at });
      else marker.reader = reader;
    }
    for (const key of gone) this.#markers.delete(key);
  }

  /**
   * Moves on and draws.
   *
   * @param elapsed - milliseconds since the last step
   * @returns true while there is still way to go
   */
  step(elapsed: number): boolean {
    const part = wantsLessMotion() ? 1 : 1 - Math.exp(-elapsed / EASE);
    const [begin, end] = rangeOf(this.#topic);
    const near = (end - begin) / 2000;
    let moving = false;
    const ease = (from: number, to: number): number => {
      if (Math.abs(to - from) <= near) return to;
      moving = true;
      return from + (to - from) * part;
    };
    this.#begin = ease(this.#begin, begin);
    this.#end = ease(this.#end, end);
    for (const marker of this.#markers.values()) marker.at = ease(marker.at, marker.reader.at);
    this.#draw();
    return moving;
  }

  /** What lies at a place of the canvas, in words. */
  describe(x: number): string {
    const topic = this.#topic;
    for (const { reader, at } of this.#markers.values()) {
      if (Math.abs(this.#x(at) - x) <= 8) return readerText(reader);
    }
    for (const [i, segment] of topic.segments.entries()) {
      if (x < this.#x(segment.begin) || x > this.#x(segment.begin + segment.capacity)) continue;
      const ids = `ids ${count(segment.firstId)} – ${count(segment.lastId)}`;
      const held = `${bytes(segment.bytes)} of ${bytes(segment.capacity)}`;
      const what = `segment ${i + 1} of ${topic.segments.length}`;
      return segment.lastId < segment.firstId ? `${what} · empty · ${held}` : `${what} · ${ids} · ${held}`;
    }
    return topic.segments.length === 0 ? 'nothing is kept here' : '';
  }

  #x(offset: number): number {
    const span = Math.max(1, this.#end - this.#begin);
    return EDGE + ((offset - this.#begin) / span) * (this.#width - 2 * EDGE);
  }

  #draw(): void {
    const { canvas } = this;
    const scale = devicePixelRatio || 1;
    const width = canvas.clientWidth;
    if (width === 0) return;
    if (canvas.width !== Math.round(width * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(HEIGHT * scale);
    }
    this.#width = width;
    const context = canvas.getContext('2d');
    if (context === null) return;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, HEIGHT);
    this.#drawLog(context);
    this.#drawMarkers(context);
  }

  #drawLog(context: CanvasRenderingContext2D): void {
    const paint = ribbonPaint();
    const { segments, retainedFrom, retentionMs } = this.#topic;
    const middle = BAR_TOP + BAR_HEIGHT / 2;
    context.strokeStyle = paint.track;
    context.lineWidth = 1;
    context.setLineDash(segments.length === 0 ? [2, 4] : []);
    line(context, EDGE, middle, this.#width - EDGE, middle);
    context.setLineDash([]);
    for (const { begin, bytes: held, capacity } of segments) {
      const left = this.#x(begin);
      const right = Math.max(left + 2, this.#x(begin + capacity) - 1.5);
      const filled = Math.min(right, Math.max(this.#x(begin + held), left + (held > 0 ? 2 : 0)));
      roundBox(context, left, right, 3);
      context.fillStyle = paint.paper;
      context.fill();
      context.strokeStyle = paint.room;
      context.stroke();
      context.save();
      context.clip();
      context.fillStyle = paint.segment;
      context.fillRect(left, BAR_TOP, filled - left, BAR_HEIGHT);
      context.fillStyle = paint.segmentEdge;
      context.fillRect(left, BAR_TOP, filled - left, 1.5);
      // Old messages of a segment that is let go as a whole: they are there, and nobody gets them any more.
      const cut = retentionMs > 0 ? Math.min(filled, this.#x(retainedFrom)) : left;
      if (cut > left + 0.5) {
        context.fillStyle = paint.paper;
        context.fillRect(left, BAR_TOP, cut - left, BAR_HEIGHT);
        hatch(context, left, cut, paint.expired);
      }
      context.restore();
    }
  }

  #drawMarkers(context: CanvasRenderingContext2D): void {
    const paint = ribbonPaint();
    // Those that stand on the same pixel are one marker with a number.
    const places = new Map<number, Marker[]>();
    for (const marker of this.#markers.values()) {
      const place = Math.round(this.#x(Math.max(marker.at, this.#begin)) / 8);
      places.set(place, [...(places.get(place) ?? []), marker]);
    }
    let labelEnd = 0;
    const groups = [...places]
      .sort((a, b) => a[0] - b[0])
      .map(([, markers]) => {
        const worst = markers.reduce((a, b) => (b.reader.unsent > a.reader.unsent ? b : a));
        return { markers, worst, x: Math.min(this.#width - EDGE, Math.max(EDGE, this.#x(worst.at))) };
      });
    for (const [i, { markers, worst, x }] of groups.entries()) {
      const room = { from: labelEnd, to: groups[i + 1]?.x ?? this.#width + 6 };
      const behind = markers.some(({ reader }) => isBehind(reader));
      const tone = behind ? paint.behind : paint.cursor;
      this.#drawUncommitted(context, worst.reader, x, tone);
      context.fillStyle = tone;
      context.strokeStyle = paint.paper;
      context.lineWidth = 1.5;
      context.beginPath();
      context.moveTo(x - 5, BAR_TOP - 7);
      context.lineTo(x + 5, BAR_TOP - 7);
      context.lineTo(x + 1, BAR_TOP - 1);
      context.lineTo(x + 1, BAR_TOP + BAR_HEIGHT + 3);
      context.lineTo(x - 1, BAR_TOP + BAR_HEIGHT + 3);
      context.lineTo(x - 1, BAR_TOP - 1);
      context.closePath();
      context.stroke();
      context.fill();
      labelEnd = this.#drawLabel(context, labelOf(markers), x, room, tone);
    }
  }

  /** A band under the bar: what was delivered and is not committed. */
  #drawUncommitted(context: CanvasRenderingContext2D, reader: ReaderState, x: number, tone: string): void {
    const { bytes: held, firstId, lastId } = this.#topic;
    if (reader.uncommitted === 0 || held === 0) return;
    const each = held / Math.max(1, lastId - firstId + 1);
    const from = Math.max(EDGE, this.#x(reader.at - reader.uncommitted * each));
    context.fillStyle = tone;
    context.fillRect(Math.min(from, x - 3), BAR_TOP + BAR_HEIGHT + 2, Math.max(3, x - from), 2.5);
  }

  /** Writes a name above a marker where there is room for it. Returns where marker and writing end. */
  #drawLabel(
    context: CanvasRenderingContext2D,
    text: string,
    x: number,
    room: { from: number; to: number },
    tone: string,
  ): number {
    context.font = '500 10.5px system-ui, sans-serif';
    const width = context.measureText(text).width;
    let left = x + 8;
    if (left + width > room.to - 6) left = x - 8 - width;
    if (left < room.from + 4) return x + 6;
    context.fillStyle = tone;
    context.textBaseline = 'alphabetic';
    context.fillText(text, left, BAR_TOP - 5);
    return Math.max(left + width, x + 6);
  }
}

/** Whether a reader is so far behind that one should look at it. */
export function isBehind({ unsent, window, uncommitted }: ReaderState): boolean {
  // A subscriber that commits one by one is always a little behind; that is how it wants it.
  return unsent > Math.max(100, window * 2) || (window > 0 && uncommitted >= window && unsent > window * 2);
}

/** A reader in words. */
export function readerText(reader: ReaderState): string {
  const who = nameOf(reader);
  const unsent = reader.unsent === 0 ? 'was sent everything' : `${plural(reader.unsent, 'message')} unsent`;
  const open = reader.uncommitted > 0 ? ` · ${count(reader.uncommitted)} uncommitted` : '';
  return `${who} · next id ${count(reader.nextId)} · ${unsent}${open}`;
}

/** What a reader is called. */
export function nameOf({ kind, name, connection, members }: ReaderState): string {
  if (kind === 'group') return `group ${visible(name, 40)} (${plural(members, 'member')})`;
  return name === '' ? `#${connection}` : visible(name, 40);
}

function labelOf(markers: readonly Marker[]): string {
  const [first] = markers;
  if (first === undefined) return '';
  if (markers.length > 1) return `${markers.length} readers`;
  const name = first.reader.kind === 'group' ? first.reader.name : nameOf(first.reader);
  const short = visible(name, 18);
  return isBehind(first.reader) ? `${short}  −${count(first.reader.unsent)}` : short;
}

function rangeOf({ segments, end }: TopicState): [number, number] {
  const first = segments[0];
  const last = segments.at(-1);
  // What is published next begins a segment here.
  if (first === undefined || last === undefined) return [end, end + MIN_SEGMENT];
  return [first.begin, Math.max(end, last.begin + last.capacity)];
}

function roundBox(context: CanvasRenderingContext2D, left: number, right: number, radius: number): void {
  context.beginPath();
  context.roundRect(left, BAR_TOP, right - left, BAR_HEIGHT, Math.min(radius, (right - left) / 2));
}

function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

function hatch(context: CanvasRenderingContext2D, left: number, right: number, tone: string): void {
  context.strokeStyle = tone;
  context.lineWidth = 1;
  context.save();
  context.beginPath();
  context.rect(left, BAR_TOP, right - left, BAR_HEIGHT);
  context.clip();
  for (let x = left - BAR_HEIGHT; x < right; x += 5)
    line(context, x, BAR_TOP + BAR_HEIGHT, x + BAR_HEIGHT, BAR_TOP);
  context.restore();
}

import { BROKER_FRAMES, CLIENT_FRAMES } from '#protocol';
import { clockTime, count, plural } from '../../format.ts';
import { type ExplainedFrame, explainFrame } from '../explain/explain-frame.ts';
import { visible } from '../explain/visible-text.ts';
import type { FrameState } from '../state.ts';
import { arrange, byId, element, setText } from './dom.ts';

import { FrameView } from './frame-view.ts';

/** Names of all types of frames. */
const TYPES = new Set([...Object.keys(CLIENT_FRAMES), ...Object.keys(BROKER_FRAMES)]);

/** Frames that are kept, and those that are listed. */
const KEPT = 2000;
const LISTED = 120;

interface Entry {
  readonly number: number;
  readonly frame: FrameState;
  readonly bytes: Uint8Array;
  readonly explained: ExplainedFrame;
  option: HTMLElement | undefined;
}

/** The last frames, newest first; the chosen one is explained byte by byte. */
export class XrayView {
  readonly #list = byId('frames', HTMLElement);
  readonly #type = byId('xray-type', HTMLSelectElement);
  readonly #filter = byId('xray-filter', HTMLInputElement);
  readonly #frame = new FrameView();
  #entries: Entry[] = [];
  #chosen: Entry | undefined;
  /** False once one has chosen a frame: then it stays, whatever comes. */
  #following = true;
  #seen = 0;

  /** @param onPause - told whether frames are wanted */
  constructor(onPause: (paused: boolean) => void) {
    for (const name of [...TYPES].sort()) {
      this.#type.append(element('option', { text: name, attributes: { value: name } }));
    }
    this.#type.addEventListener('change', () => this.#show());
    this.#filter.addEventListener('input', () => this.#show());
    const pause = byId('xray-pause', HTMLButtonElement);
    pause.addEventListener('click', () => {
      const paused = pause.getAttribute('aria-pressed') !== 'true';
      pause.setAttribute('aria-pressed', String(paused));
      setText(pause, paused ? 'Go on' : 'Pause');
      onPause(paused);
    });
    this.#list.addEventListener('click', (event) => {
      const option = event.target instanceof Element ? event.target.closest('[role=option]') : null;
      const entry = this.#entries.find((candidate) => candidate.option === option);
      if (entry !== undefined) this.#choose(entry, false);
    });
    this.#list.addEventListener('keydown', (event) => this.#key(event));
  }

  /** Takes new frames, oldest first. */
  add(frames: readonly FrameState[]): void {
    for (const frame of frames) {
      const bytes = Uint8Array.from(atob(frame.bytes), (character) => character.charCodeAt(0));
      this.#seen++;
      const explained = explainFrame(bytes, frame.size);
      this.#entries.unshift({ number: this.#seen, frame, bytes, explained, option: undefined });
    }
    if (this.#entries.length > KEPT) this.#entries.length = KEPT;
    this.#show();
  }

  #show(): void {
    const entries = this.#listed();
    setText(byId('xray-count', HTMLElement), `${plural(this.#seen, 'frame')} seen, as a sample of all`);
    const newest = entries[0];
    if (this.#following && newest !== undefined && !this.#frame.inUse) this.#choose(newest, true);
    arrange(
      this.#list,
      entries.map((entry) => {
        entry.option ??= this.#option(entry);
        return entry.option;
      }),
    );
  }

  #listed(): Entry[] {
    const type = this.#type.value;
    const text = this.#filter.value.toLowerCase();
    const listed: Entry[] = [];
    for (const entry of this.#entries) {
      const { explained, frame } = entry;
      if (type !== '' && explained.name !== type) continue;
      if (text !== '' && !`${explained.topic ?? ''}\n${frame.name}`.toLowerCase().includes(text)) continue;
      listed.push(entry);
      if (listed.length === LISTED) break;
    }
    // What one is looking at does not go away.
    if (this.#chosen !== undefined && !this.#following && !listed.includes(this.#chosen))
      listed.push(this.#chosen);
    return listed;
  }

  #choose(entry: Entry, following: boolean): void {
    this.#following = following;
    this.#chosen?.option?.setAttribute('aria-selected', 'false');
    this.#chosen = entry;
    entry.option ??= this.#option(entry);
    entry.option.setAttribute('aria-selected', 'true');
    this.#list.setAttribute('aria-activedescendant', entry.option.id);
    this.#frame.show(entry.explained, entry.bytes, entry.frame);
  }

  #key(event: KeyboardEvent): void {
    const entries = this.#listed();
    const at = this.#chosen === undefined ? -1 : entries.indexOf(this.#chosen);
    const steps: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + 10,
      PageUp: at - 10,
      Home: 0,
      End: entries.length - 1,
    };
    if (event.key === 'Escape') {
      this.#following = true;
      this.#show();
      return;
    }
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const entry = entries[Math.min(entries.length - 1, Math.max(0, to))];
    if (entry === undefined) return;
    this.#choose(entry, event.key === 'Home');
    entry.option?.scrollIntoView({ block: 'nearest' });
  }

  #option({ number, frame, explained }: Entry): HTMLElement {
    const { direction, connection, name } = frame;
    const who = name === '' ? `#${connection}` : visible(name, 24);
    const arrow = direction === 'in' ? '→' : '←';
    return element(
      'div',
      {
        class: `option ${direction}`,
        attributes: { role: 'option', id: `frame-${number}`, 'aria-selected': 'false' },
      },
      [
        element('span', { class: 'time', text: clockTime(frame.at) }),
        element('span', {
          class: 'arrow',
          text: arrow,
          attributes: { title: direction === 'in' ? 'to the broker' : 'from the broker' },
        }),
        element('b', { text: explained.name }),
        element('span', {
          class: 'topic-text',
          text: explained.topic === undefined ? '' : visible(explained.topic, 60),
        }),
        element('span', { class: 'who', text: who }),
        element('span', { class: 'size', text: count(frame.size) }),
      ],
    );
  }
}

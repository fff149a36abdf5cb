import type { Command } from 'commander';
import pc from 'picocolors';
import type { Client } from '../client/index.ts';
import { bytes, count, duration } from '../format.ts';
import { STATUS_TOPIC, type StatusMessage, TOPICS_TOPIC, type TopicSummary } from '../index.ts';
import { addServerFlags, openClient, type ServerFlags } from './connection.ts';
import { addExamples } from './examples.ts';
import { Screen } from './screen.ts';
import { onInterrupt, print } from './terminal.ts';
import { cut } from './text.ts';
import { formatTopics, SORT_KEYS, type SortKey, type TopicRow } from './topic-table.ts';
import { firstOf } from './topics.ts';

interface TopFlags extends ServerFlags {
  readonly once?: boolean;
}

/** Adds `leveret top`. */
export function addTop(program: Command): void {
  const command = program
    .command('top')
    .summary('watch the broker')
    .description(
      'Show what the broker holds and does, every second. Left and right choose the order of the topics, up and down ' +
        'scroll, q ends. Where the output is no terminal it prints what there is, once.',
    )
    .option('--once', 'print what there is, once');
  addServerFlags(command).action(async (flags: TopFlags) => {
    const signal = onInterrupt();
    const client = await openClient(flags, { name: 'leveret top', signal });
    try {
      if (flags.once === true || !process.stdout.isTTY) await snapshot(client, signal);
      else await watch(client, signal);
    } finally {
      await client.close({ deadline: 500 });
    }
  });
  addExamples(command, [{ says: 'once, for a file or another program', run: 'leveret top --once' }]);
}

const PATIENCE_MS = 5_000;

async function snapshot(client: Client, signal: AbortSignal): Promise<void> {
  const status = (await firstOf(client, STATUS_TOPIC, PATIENCE_MS, signal)) as StatusMessage;
  const topics = (await firstOf(client, TOPICS_TOPIC, PATIENCE_MS, signal)) as TopicSummary[];
  const lines = [...statusLines(status), '', ...formatTopics(topics, 'name', 120)];
  await print(`${lines.join('\n')}\n`);
}

async function watch(client: Client, signal: AbortSignal): Promise<void> {
  const view = new TopView();
  let leave: () => void = () => {};
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  signal.addEventListener('abort', () => leave(), { once: true });
  const screen = new Screen(
    ({ name, ctrl }) => {
      if (name === 'q' || name === 'escape' || (ctrl && name === 'c')) leave();
      else if (view.press(name, screen.height)) screen.draw(view.lines(screen.width, screen.height));
    },
    () => screen.draw(view.lines(screen.width, screen.height)),
  );
  const draw = (): void => screen.draw(view.lines(screen.width, screen.height));
  try {
    draw();
    client.on('status', ({ status, error }) => {
      view.connection = status === 'connected' ? undefined : (error?.message ?? status);
      draw();
    });
    const on = (topic: string, take: (content: unknown) => void) =>
      client.subscribe(topic, {
        signal,
        onMessage: (message) => {
          take(message.json());
          draw();
        },
      });
    await on(STATUS_TOPIC, (content) => view.take(content as StatusMessage));
    await on(TOPICS_TOPIC, (content) => view.takeTopics(content as TopicSummary[]));
    const error = await Promise.race([left.then(() => undefined), client.closed]);
    if (error !== undefined) throw error;
  } finally {
    screen.close();
  }
}

/** What is on the screen. */
class TopView {
  /** What is wrong with the connection; undefined while it is fine. */
  connection: string | undefined;
  #status: StatusMessage | undefined;
  #topics: readonly TopicRow[] = [];
  #before = new Map<string, number>();
  #at = 0;
  #sort: SortKey = 'rate';
  #scroll = 0;

  take(status: StatusMessage): void {
    this.#status = status;
  }

  takeTopics(topics: readonly TopicSummary[]): void {
    const now = performance.now();
    const seconds = (now - this.#at) / 1000;
    this.#topics = topics.map((topic) => {
      const before = this.#before.get(topic.name);
      // A topic that was removed and made anew begins its ids again.
      const rate = before === undefined ? 0 : Math.max(0, topic.lastId - before) / seconds;
      return { ...topic, rate };
    });
    this.#before = new Map(topics.map(({ name, lastId }) => [name, lastId]));
    this.#at = now;
  }

  /** Does what a key says; false when it says nothing. */
  press(name: string | undefined, height: number): boolean {
    const at = SORT_KEYS.indexOf(this.#sort);
    const page = Math.max(1, height - 8);
    const steps: Record<string, number> = { up: -1, down: 1, pageup: -page, pagedown: page };
    const step = name === undefined ? undefined : steps[name];
    if (step !== undefined) {
      this.#scroll = Math.max(0, Math.min(this.#topics.length - 1, this.#scroll + step));
    } else if (name === 'right' || name === 'left') {
      const next = (at + (name === 'right' ? 1 : SORT_KEYS.length - 1)) % SORT_KEYS.length;
      this.#sort = SORT_KEYS[next] ?? 'rate';
    } else return false;
    return true;
  }

  lines(width: number, height: number): string[] {
    const head = this.#status === undefined ? ['', 'waiting for the broker', ''] : statusLines(this.#status);
    const lost = this.connection === undefined ? [] : [pc.red(cut(this.connection, width))];
    const [title = '', ...rows] = formatTopics(this.#topics, this.#sort, width, true);
    const keys = '←→ order   ↑↓ scroll   q end';
    const room = Math.max(0, height - head.length - lost.length - 4);
    const shown = rows.slice(this.#scroll, this.#scroll + room).map((row) => cut(row, width));
    const foot = pc.dim(cut(`${keys}   ${count(this.#topics.length)} topics, by ${this.#sort}`, width));
    const empty = Array.from({ length: room - shown.length }, () => '');
    return [...head, ...lost, '', title, ...shown, ...empty, '', foot];
  }
}

function statusLines(status: StatusMessage): string[] {
  const part = (name: string, value: string): string => `${pc.dim(name)} ${value}`;
  const line = (...parts: string[]): string => parts.join('   ');
  return [
    line(
      pc.bold('leveret'),
      part('up', duration(status.uptimeMs)),
      part('connections', count(status.connections)),
      part('topics', count(status.topics)),
      part('subscriptions', count(status.subscriptions)),
    ),
    line(
      part('published', `${count(status.publishedPerSecond)}/s`),
      part('in', `${bytes(status.bytesInPerSecond)}/s`),
      part('out', `${bytes(status.bytesOutPerSecond)}/s`),
      part('waiting', bytes(status.queuedBytes)),
    ),
    line(
      part('kept', bytes(status.logBytes)),
      part('memory', bytes(status.residentBytes)),
      part('loop delay p99', duration(status.eventLoopDelayMs)),
    ),
  ];
}

import type { BrokerCore } from '../core.ts';

/** A broker's state as far as it shows it itself, one line for each session, topic and reader: fast, and much, but not all. */
export function outline(core: BrokerCore): string[] {
  const lines = [`faults ${core.faults.count}`, `patterns ${core.patterns.size}`];
  for (const { number, name, state, subscriptions, readPause } of core.sessions()) {
    const { size, lag } = subscriptions;
    const waits = readPause.on ? ' not read from' : '';
    lines.push(`session ${number} "${name}" ${state}${waits}: ${size} subscriptions, lag ${lag}`);
  }
  for (const { name, settings, log, readers } of core.topics) {
    // The broker's own topics tell of time and memory.
    const ids = name.startsWith('$') ? '' : ` ${log.firstId}-${log.lastId}, ${log.bytes} bytes`;
    lines.push(`topic "${name}"${ids} ${JSON.stringify(settings)}`);
    for (const reader of readers) {
      const place = name.startsWith('$') ? '' : ` next ${reader.cursor.nextId}`;
      lines.push(`topic "${name}" reader${place} ${JSON.stringify(reader.report())}`);
    }
  }
  return lines;
}

import type { BrokerCore } from '../core.ts';

/** A broker's state as far as it shows it itself, one line for each session, topic and reader: fast, and much, but not all. */
export function outline(core: BrokerCore): string[] {
  const lines = [`faults ${core.faults.count}`, `patterns ${core.patterns.size}`];
  for (const { number, name, state, subscriptions, readPause } of core.sessions()) {
    const { size } = subscriptions;
    const waits = readPause.on ? ' not read from' : '';
    lines.push(`session ${number} "${name}" ${state}${waits}: ${size} subscriptions`);
  }
  for (const { name, settings, log, readers } of core.topics) {
    // The broker's own topics tell of time and memory.
    const ids = name.startsWith('$') ? '' : ` ${log.firstId}-${log.lastId}, ${log.bytes} bytes`;
    lines.push(`topic "${name}"${ids} ${JSON.stringify(settings)}`);
    for (const reader of readers) {
      const report = reader.report();
      const place = `next ${reader.cursor.nextId}, ${report.uncommitted} uncommitted`;
      const who = `${report.kind} ${report.connection} ${report.name}, window ${report.window}`;
      lines.push(`topic "${name}" ${who}${name.startsWith('$') ? '' : ` ${place}`}`);
    }
  }
  return lines;
}

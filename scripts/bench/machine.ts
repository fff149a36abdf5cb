import os from 'node:os';
import process from 'node:process';

/** The day and the machine that figures were measured on, in one line; no names, no paths. */
export function measuredOn(): string {
  const cpus = os.cpus();
  const model = cpus[0]?.model.replace(/\s+/g, ' ').trim() || 'unknown processor';
  const gib = Math.round(os.totalmem() / 2 ** 30);
  const day = new Date().toISOString().slice(0, 10);
  return `Measured ${day}: ${model}, ${cpus.length} cores, ${gib} GiB, ${os.type()} ${os.release().split('-')[0]}, Node ${process.versions.node}.`;
}

import { readFileSync } from 'node:fs';

/** Linux reports processor time in ticks of 1/100 s on every platform that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Processor time, user and system, that a process has used so far, in seconds (from `/proc/PID/stat`). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The command name may hold spaces and parentheses: fields are counted from behind its last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident memory of a process in bytes (from `/proc/PID/status`). */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

/** What a process used between two moments. */
export interface Usage {
  /** Processor time in seconds. */
  readonly cpuSeconds: number;
  /** The most resident memory seen, in bytes, looked at every 50 ms. */
  readonly peakResidentBytes: number;
}

/** Watches one process from now until `stop()`. */
export class ProcessWatch {
  readonly #pid: number;
  readonly #cpuAtStart: number;
  readonly #timer: NodeJS.Timeout;
  #peak = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#cpuAtStart = cpuSeconds(pid);
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), 50);
  }

  stop(): Usage {
    clearInterval(this.#timer);
    this.#sample();
    return { cpuSeconds: cpuSeconds(this.#pid) - this.#cpuAtStart, peakResidentBytes: this.#peak };
  }

  #sample(): void {
    try {
      this.#peak = Math.max(this.#peak, residentBytes(this.#pid));
    } catch {
      // The process has ended; whoever waits for it reports that.
    }
  }
}

import { readdirSync, readFileSync } from 'node:fs';

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

/**
 * How long the threads of a process were ready to run but had no core, in seconds (from `/proc/PID/task/TID/schedstat`).
 * Much of it in a run means that the machine was busy with something else, and that its rates are too low.
 */
export function waitedSeconds(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[1]);
    } catch {
      // A thread that has just ended.
    }
  }
  return nanoseconds / 1e9;
}

/** What a process used between two moments. */
export interface Usage {
  /** Processor time in seconds. */
  readonly cpuSeconds: number;
  /** See {@link waitedSeconds}. */
  readonly waitedSeconds: number;
  /** The most resident memory seen, in bytes, looked at every 50 ms. */
  readonly peakResidentBytes: number;
}

/** Watches one process from now until `stop()`. */
export class ProcessWatch {
  readonly #pid: number;
  readonly #cpuAtStart: number;
  readonly #waitedAtStart: number;
  readonly #timer: NodeJS.Timeout;
  #peak = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#cpuAtStart = cpuSeconds(pid);
    this.#waitedAtStart = waitedSeconds(pid);
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), 50);
  }

  stop(): Usage {
    clearInterval(this.#timer);
    this.#sample();
    return {
      cpuSeconds: cpuSeconds(this.#pid) - this.#cpuAtStart,
      waitedSeconds: waitedSeconds(this.#pid) - this.#waitedAtStart,
      peakResidentBytes: this.#peak,
    };
  }

  #sample(): void {
    try {
      this.#peak = Math.max(this.#peak, residentBytes(this.#pid));
    } catch {
      // The process has ended; whoever waits for it reports that.
    }
  }
}

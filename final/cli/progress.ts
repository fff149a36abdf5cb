import { SingleBar } from 'cli-progress';
import pc from 'picocolors';
import { bytes, count } from '../format.ts';

/** Shows on a terminal how far a long piece of work is; elsewhere nothing. */
export class Progress {
  readonly #bar: SingleBar | undefined;
  readonly #began = performance.now();
  readonly #unit: 'bytes' | 'messages';

  /**
   * @param total - in `unit`; 0 when it is not known
   * @param enabled - false shows nothing, also on a terminal
   */
  constructor(unit: 'bytes' | 'messages', total: number, enabled: boolean) {
    this.#unit = unit;
    if (!enabled || process.stderr.isTTY !== true) return;
    this.#bar = new SingleBar({
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
      fps: 10,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      format:
        total === 0
          ? '{done}  {rate}'
          : `${pc.cyan('{bar}')} {percentage} %  {done}  {rate}  {eta_formatted} left`,
    });
    this.#bar.start(total, 0, { done: '', rate: '' });
  }

  /** Tells how much is done. */
  update(done: number): void {
    if (this.#bar === undefined) return;
    const perSecond = (done * 1000) / Math.max(1, performance.now() - this.#began);
    const show = this.#unit === 'bytes' ? bytes : count;
    this.#bar.update(done, { done: show(done), rate: `${show(perSecond)}/s` });
  }

  /** Takes it off the terminal. */
  end(): void {
    this.#bar?.stop();
  }
}

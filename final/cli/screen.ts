import { emitKeypressEvents } from 'node:readline';

/** A key: its name as node:readline tells it. */
export interface Key {
  readonly name: string | undefined;
  readonly ctrl: boolean;
}

/** The whole terminal, for a command that draws on it again and again. It is given back when the process ends. */
export class Screen {
  readonly #onExit = (): void => this.#restore();
  #restored = false;

  /** Takes the terminal over. */
  constructor(onKey: (key: Key) => void, onResize: () => void) {
    process.stdout.write('\x1b[?1049h\x1b[?25l\x1b[2J');
    process.on('exit', this.#onExit);
    process.stdout.on('resize', onResize);
    if (process.stdin.isTTY) {
      emitKeypressEvents(process.stdin);
      process.stdin.setRawMode(true);
      process.stdin.on('keypress', (_text, key: Key) => onKey(key));
      process.stdin.resume();
    }
  }

  /** Columns and rows. */
  get width(): number {
    return process.stdout.columns ?? 80;
  }

  get height(): number {
    return process.stdout.rows ?? 24;
  }

  /** Draws these lines from the top; what does not fit is left out. Lines may hold colours, but no more letters than the width. */
  draw(lines: readonly string[]): void {
    const shown = lines.slice(0, this.height);
    process.stdout.write(`\x1b[H${shown.map((line) => `${line}\x1b[K`).join('\r\n')}\x1b[J`);
  }

  /** Gives the terminal back. */
  close(): void {
    process.off('exit', this.#onExit);
    process.stdout.removeAllListeners('resize');
    process.stdin.removeAllListeners('keypress');
    process.stdin.pause();
    this.#restore();
  }

  #restore(): void {
    if (this.#restored) return;
    this.#restored = true;
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
    process.stdout.write('\x1b[?25h\x1b[?1049l');
  }
}

import { readFile, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { type BarGroup, barChart } from './bar-chart.ts';
import { measuredOn } from './machine.ts';
import { markdownTable, type Table, textTable } from './table.ts';

const DOCUMENT = new URL('../../docs/benchmarks.md', import.meta.url);
const CHARTS = new URL('../../docs/bench/', import.meta.url);

/**
 * What a bench prints, and with `--record` also writes: tables and charts go into docs/benchmarks.md between the
 * markers `<!-- bench: NAME -->` and `<!-- /bench: NAME -->`, with the day and the machine (a new bench gets a section at the end).
 */
export class Report {
  readonly #name: string;
  readonly #record: boolean;
  readonly #markdown: string[] = [];
  readonly #charts = new Map<string, string>();

  constructor(name: string, options: { readonly record: boolean }) {
    this.#name = name;
    this.#record = options.record;
    process.stdout.write(`${measuredOn()}\n`);
  }

  /** A line that is printed only: progress, a hint. */
  progress(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** A paragraph that is printed and recorded. */
  text(text: string): void {
    process.stdout.write(`\n${text}\n`);
    this.#markdown.push(text);
  }

  /** A table that is printed and recorded. */
  table(table: Table): void {
    process.stdout.write(`\n${textTable(table)}\n`);
    this.#markdown.push(markdownTable(table));
  }

  /** A chart that is recorded as docs/bench/`file`.svg. */
  chart(file: string, title: string, groups: readonly BarGroup[]): void {
    this.#charts.set(`${file}.svg`, barChart(title, groups));
    this.#markdown.push(`![${title}](bench/${file}.svg)`);
  }

  /** Write what was recorded, if `--record` was given. Call it last: a bench that fails records nothing. */
  async save(): Promise<void> {
    if (!this.#record) return;
    const open = `<!-- bench: ${this.#name} -->`;
    const close = `<!-- /bench: ${this.#name} -->`;
    const found = await readFile(DOCUMENT, 'utf8');
    const document = found.includes(open) ? found : `${found}\n## ${this.#name}\n\n${open}\n${close}\n`;
    const from = document.indexOf(open);
    const to = document.indexOf(close);
    if (from === -1 || to < from) throw new Error(`docs/benchmarks.md has no markers ${open} ... ${close}`);
    const body = [measuredOn(), ...this.#markdown].join('\n\n');
    for (const [file, svg] of this.#charts) await writeFile(new URL(file, CHARTS), svg);
    await writeFile(DOCUMENT, `${document.slice(0, from + open.length)}\n\n${body}\n\n${document.slice(to)}`);
    process.stdout.write('\nRecorded in docs/benchmarks.md.\n');
  }
}

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** One file of the page, ready to be sent. */
export interface PageFile {
  readonly type: string;
  readonly body: Uint8Array;
  /** Changes with the content. */
  readonly etag: string;
}

const TYPES = new Map([
  ['index.html', 'text/html; charset=utf-8'],
  ['page.js', 'text/javascript; charset=utf-8'],
  ['page.css', 'text/css; charset=utf-8'],
  ['icon.svg', 'image/svg+xml'],
]);

/** The page's files by the path under which they are served. */
export type ServedFiles = ReadonlyMap<string, PageFile>;

/** Milliseconds after a failure in which it is not tried again: there may be very many who ask. */
const PAUSE_MS = 1_000;

/**
 * Files that are loaded once. A failure is not kept: there may be no descriptors now, and some later. Then whoever asks
 * next causes another try.
 */
export class PageStore {
  readonly #load: () => Promise<ServedFiles>;
  readonly #now: () => number;
  #loaded: Promise<ServedFiles> | undefined;
  #failedAt: number | undefined;

  /** @param now - monotonic milliseconds */
  constructor(load: () => Promise<ServedFiles>, now = () => performance.now()) {
    this.#load = load;
    this.#now = now;
  }

  /**
   * The files.
   *
   * @throws Error of the last try that failed
   */
  get(): Promise<ServedFiles> {
    if (this.#failedAt !== undefined && this.#now() - this.#failedAt >= PAUSE_MS) {
      this.#failedAt = undefined;
      this.#loaded = undefined;
    }
    this.#loaded ??= this.#try();
    return this.#loaded;
  }

  async #try(): Promise<ServedFiles> {
    try {
      return await this.#load();
    } catch (error) {
      this.#failedAt = this.#now();
      throw error;
    }
  }
}

/** The inspector's page. In a package its files lie ready; from source they are built. */
export const page = new PageStore(load);

async function load(): Promise<ServedFiles> {
  const contents = (await readPrebuilt()) ?? (await buildFromSource());
  const files = new Map<string, PageFile>();
  for (const [name, type] of TYPES) {
    const body = contents.get(name);
    if (body === undefined) throw new Error(`the inspector's page has no ${name}`);
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    files.set(name === 'index.html' ? '/' : `/${name}`, { type, body, etag });
  }
  return files;
}

async function readPrebuilt(): Promise<Map<string, Uint8Array> | undefined> {
  const folder = ['./inspector-page/', '../inspector-page/']
    .map((path) => new URL(path, import.meta.url))
    .find((url) => existsSync(new URL('index.html', url)));
  if (folder === undefined) return undefined;
  const contents = new Map<string, Uint8Array>();
  for (const name of TYPES.keys()) contents.set(name, await readFile(new URL(name, folder)));
  return contents;
}

async function buildFromSource(): Promise<ReadonlyMap<string, Uint8Array>> {
  // Loaded only here: a package has neither the sources nor the builder.
  const { buildPage } = await import('./page-build.ts');
  return buildPage();
}

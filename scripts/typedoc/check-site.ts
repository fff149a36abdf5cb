import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { type DefaultTreeAdapterTypes, parse } from 'parse5';

/** What the check of a built site found. */
export interface SiteReport {
  readonly pages: number;
  readonly links: number;
  readonly mistakes: string[];
}

interface Page {
  readonly anchors: Set<string>;
  /** Where its links, images, styles and scripts lead, as written. */
  readonly links: string[];
  /** What it loads by itself: a page must load nothing from other hosts. */
  readonly loads: string[];
}

const LOADING = new Set(['img', 'script', 'link', 'source', 'iframe']);

function readPage(html: string): Page {
  const page: Page = { anchors: new Set(), links: [], loads: [] };
  const visit = (node: DefaultTreeAdapterTypes.Node): void => {
    if ('attrs' in node) {
      for (const { name, value } of node.attrs) {
        if (name === 'id' || (name === 'name' && node.tagName === 'a')) page.anchors.add(value);
        if (name !== 'href' && name !== 'src') continue;
        page.links.push(value);
        if (LOADING.has(node.tagName)) page.loads.push(value);
      }
    }
    if ('childNodes' in node) node.childNodes.forEach(visit);
  };
  visit(parse(html));
  return page;
}

function findPages(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return findPages(path);
    return entry.name.endsWith('.html') ? [path] : [];
  });
}

const isExternal = (link: string): boolean => /^([a-z][a-z0-9+.-]*:|\/\/)/i.test(link);

/** Checks that every link, anchor and image of a built site leads somewhere, and that no page loads from another host. */
export function checkSite(folder: string): SiteReport {
  const pages = new Map(findPages(folder).map((path) => [path, readPage(readFileSync(path, 'utf8'))]));
  const mistakes: string[] = [];
  let links = 0;
  for (const [path, page] of pages) {
    const from = relative(folder, path);
    for (const load of page.loads) {
      if (isExternal(load) && !load.startsWith('data:'))
        mistakes.push(`${from}: loads ${load} from another host`);
    }
    for (const link of new Set(page.links)) {
      if (isExternal(link)) continue;
      links += 1;
      const [target = '', anchor = ''] = link.split('#');
      const bare = decodeURI(target.replace(/\?.*$/, ''));
      let file = bare === '' ? path : normalize(join(dirname(path), bare));
      if (existsSync(file) && statSync(file).isDirectory()) file = join(file, 'index.html');
      if (!existsSync(file)) mistakes.push(`${from}: no file behind ${link}`);
      else if (anchor !== '' && pages.get(file)?.anchors.has(decodeURIComponent(anchor)) === false) {
        mistakes.push(`${from}: no anchor behind ${link}`);
      }
    }
  }
  return { pages: pages.size, links, mistakes };
}

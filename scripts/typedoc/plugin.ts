import { basename } from 'node:path';
import {
  type Application,
  Converter,
  type DocumentReflection,
  JSX,
  KindRouter,
  MarkdownEvent,
  type ProjectReflection,
  type Reflection,
  ReflectionKind,
  type Renderer,
} from 'typedoc';
import { ROOT, readDoors } from '../chapters.ts';
import { renderDiagrams } from './diagrams.ts';

/** Path of the file that a document or a module came from, from the project's folder. */
function sourceOf(reflection: Reflection): string {
  const fromRegistry = reflection.project.files.getReflectionPath(reflection);
  const fromSources = reflection.isDeclaration() ? reflection.sources?.[0]?.fullFileName : undefined;
  const absolute = fromRegistry ?? fromSources ?? '';
  return absolute.startsWith(ROOT) ? absolute.slice(ROOT.length) : absolute;
}

/**
 * Addresses that stay: `chapters/01-framed-echo.html`, `docs/protocol.html`, `api/framing/classes/FrameReader.html`, and
 * for a second door `api/framing/net.html` and `api/framing/net/functions/listen.html`.
 */
class HouseRouter extends KindRouter {
  override getIdealBaseName(reflection: Reflection): string {
    if (reflection.isDocument()) {
      return sourceOf(reflection).replace(/(\/README)?\.md$/, '');
    }
    if (reflection.kind === ReflectionKind.Module) return this.#doorPath(reflection);
    const names = [this.getUrlSafeName(reflection.name)];
    let above = reflection.parent;
    while (above !== undefined && above.kind !== ReflectionKind.Module && !above.isProject()) {
      names.unshift(this.getUrlSafeName(above.name));
      above = above.parent;
    }
    const door = above === undefined || above.isProject() ? 'api' : this.#doorPath(above);
    return `${door}/${this.directories.get(reflection.kind) ?? 'other'}/${names.join('.')}`;
  }

  #doorPath({ name }: Reflection): string {
    const parts = name.replace('#', '').split('/');
    return ['api', ...parts.map((part) => this.getUrlSafeName(part))].join('/');
  }
}

function chaptersOf(project: ProjectReflection): DocumentReflection[] {
  return (project.documents ?? [])
    .filter((document) => sourceOf(document).startsWith('chapters/'))
    .sort((a, b) => sourceOf(a).localeCompare(sourceOf(b)));
}

/** Links to the chapters before and after, at the end of each chapter. */
function addNeighbours(renderer: Renderer): void {
  renderer.hooks.on('content.end', (context) => {
    const { model, project } = context.page;
    const chapters = chaptersOf(project);
    const at = chapters.findIndex((chapter) => chapter.id === model.id);
    if (at === -1) return JSX.createElement(JSX.Raw, { html: '' });
    const link = (chapter: DocumentReflection | undefined, rel: string, word: string): JSX.Element | null =>
      chapter === undefined
        ? null
        : JSX.createElement(
            'a',
            { href: context.urlTo(chapter) ?? '', rel, class: `neighbour-${rel}` },
            JSX.createElement('small', null, word),
            JSX.createElement('span', null, chapter.name),
          );
    return JSX.createElement(
      'nav',
      { class: 'neighbours', 'aria-label': 'Chapters before and after' },
      link(chapters[at - 1], 'prev', 'Previous'),
      link(chapters[at + 1], 'next', 'Next'),
    );
  });
}

/** Names modules by their doors, and gives documents without front matter a title and a group. */
function nameThings(app: Application): void {
  const doors = new Map([...readDoors()].map(([door, path]) => [path, door]));
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document: DocumentReflection) => {
    if (!sourceOf(document).includes('/')) document.frontmatter.group ??= 'Project';
    // TypeDoc has taken the title out of the front matter by now; without one the file's name stands in its place.
    if (document.name !== basename(sourceOf(document), '.md')) return;
    const heading = /^#\s+(.+)$/m.exec(document.content.map((part) => part.text).join(''))?.[1];
    if (heading !== undefined) document.name = heading.trim();
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
    for (const module of context.project.getChildrenByKind(ReflectionKind.Module)) {
      module.name = doors.get(sourceOf(module)) ?? module.name;
    }
  });
}

/**
 * A comment may name what another door exports, such as an error that is thrown, without importing it: the first door
 * that exports the name is meant.
 */
function linkAcrossDoors(app: Application): void {
  app.converter.addUnknownSymbolResolver(({ moduleSource, symbolReference }, reflection) => {
    const [first, ...rest] = (symbolReference?.path ?? []).map(({ path }) => path);
    if (moduleSource !== undefined || first === undefined) return undefined;
    for (const module of reflection.project.getChildrenByKind(ReflectionKind.Module)) {
      const target = module.getChildByName([first, ...rest]);
      // Declared as an address alone, but a reflection goes the way of TypeDoc's own links, and gets a relative one.
      if (target !== undefined) return { target: target as unknown as string };
    }
    return undefined;
  });
}

/** Listeners of a low priority come after TypeDoc's own, which make the groups. */
const AFTER_GROUPS = -1000;

/** The project's address is not known here: sources are named by path and line, and lead nowhere. */
function unlinkSources(app: Application): void {
  app.converter.on(Converter.EVENT_RESOLVE_END, (context) => {
    for (const reflection of Object.values(context.project.reflections)) {
      if (!reflection.isDeclaration() && !reflection.isSignature()) continue;
      for (const source of reflection.sources ?? []) delete source.url;
    }
  });
}

/** Calls the group of modules by the name that the course gives them. */
function nameGroups(app: Application): void {
  app.converter.on(
    Converter.EVENT_RESOLVE_END,
    (context) => {
      for (const group of context.project.groups ?? []) {
        if (group.title === 'Modules') group.title = 'Doors (the API)';
      }
    },
    AFTER_GROUPS,
  );
}

/** What the site does beyond TypeDoc: diagrams, stable addresses, neighbours, names of doors, links between them. */
export function load(app: Application): void {
  app.renderer.defineRouter('house', HouseRouter);
  nameThings(app);
  linkAcrossDoors(app);
  unlinkSources(app);
  nameGroups(app);
  addNeighbours(app.renderer);
  app.renderer.on(
    MarkdownEvent.PARSE,
    (event) => {
      event.parsedText = renderDiagrams(event.parsedText, (mistake) =>
        app.logger.error(`${event.page.model.name}: ${mistake}` as Parameters<typeof app.logger.error>[0]),
      );
    },
    100,
  );
}

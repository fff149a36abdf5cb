import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Application, TSConfigReader, TypeDocReader } from 'typedoc';
import { findChapters, ROOT, readDoors } from './chapters.ts';
import { findBelow } from './lessons/check.ts';
import { runCommand, UsageError } from './terminal.ts';
import { checkSite } from './typedoc/check-site.ts';

/** The doors that exist; chapters appear one by one. */
function findDoors(): string[] {
  return [...readDoors().values(), 'final/index.ts']
    .map((path) => join(ROOT, path))
    .filter((path) => existsSync(path));
}

/** The lessons, what stands in docs/, and what a contributor reads. */
function findDocuments(): string[] {
  const lessons = findChapters().flatMap(({ lesson }) => (lesson === undefined ? [] : [lesson]));
  const others = [...findBelow(ROOT, 'docs', '.md'), 'CONTRIBUTING.md', 'CHANGELOG.md'];
  return [...lessons, ...others.map((path) => join(ROOT, path))];
}

await runCommand(async () => {
  const options = { options: ROOT, entryPoints: findDoors(), projectDocuments: findDocuments() };
  const app = await Application.bootstrapWithPlugins(options, [new TypeDocReader(), new TSConfigReader()]);
  const project = await app.convert();
  if (project === undefined) throw new UsageError('The site was not built: see the messages above.', 1);
  app.validate(project);
  await app.generateOutputs(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) {
    throw new UsageError('The site was built with mistakes: see the messages above.', 1);
  }
  const { pages, links, mistakes } = checkSite(join(ROOT, 'site'));
  for (const mistake of mistakes) console.error(mistake);
  if (mistakes.length > 0) throw new UsageError(`${mistakes.length} dead link(s) in the site`, 1);
  console.log(`site/index.html: ${pages} pages, ${links} links, none dead`);
});

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findChapters, ROOT } from './chapters.ts';
import {
  checkCommands,
  checkExamples,
  checkForm,
  checkLinks,
  checkSteps,
  findBelow,
  findMarkers,
  type Marker,
} from './lessons/check.ts';
import { fillLesson } from './lessons/fill.ts';
import { runCommand, UsageError } from './terminal.ts';
import { takeTranscript } from './transcripts.ts';

const HELP = `Keeps the text of the lessons true.

  npm run lessons               check form, markers, links, commands and the code that the lessons quote
  npm run lessons -- --write    fill in the quoted code and the transcripts from the real files
  npm run lessons -- --write 3  those of chapter 3 only`;

/** What is read beside the lessons. */
function guides(): string[] {
  const top = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].filter((name) => existsSync(join(ROOT, name)));
  return [...top, ...findBelow(ROOT, 'docs', '.md'), ...findBelow(ROOT, 'scripts/pack', '.md')];
}

function markdownFiles(): string[] {
  return [...guides(), ...findBelow(ROOT, 'chapters', '.md'), ...findBelow(ROOT, 'final', '.md')];
}

async function write(only: number | undefined): Promise<string[]> {
  const mistakes: string[] = [];
  const transcripts = new Map<number, string>();
  for (const { number, main, lesson } of findChapters()) {
    if (main === undefined || lesson === undefined || (only !== undefined && only !== number)) continue;
    if (!readFileSync(lesson, 'utf8').includes(`<!-- transcript: chapter ${number} -->`)) continue;
    try {
      transcripts.set(number, await takeTranscript(number));
    } catch (error) {
      mistakes.push(error instanceof Error ? error.message : String(error));
    }
  }
  for (const path of markdownFiles()) {
    if (only !== undefined && !path.startsWith(`chapters/${String(only).padStart(2, '0')}-`)) continue;
    const before = readFileSync(join(ROOT, path), 'utf8');
    const after = fillLesson(join(ROOT, path), before, (chapter) => {
      const transcript = transcripts.get(chapter);
      if (transcript === undefined) throw new Error('no transcript');
      return transcript;
    });
    mistakes.push(...after.mistakes);
    if (after.text === before) continue;
    writeFileSync(join(ROOT, path), after.text);
    console.log(`filled ${path}`);
  }
  return mistakes;
}

function check(): string[] {
  const mistakes: string[] = [];
  const manifest: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const scripts = (manifest as { scripts: Record<string, string> }).scripts;
  for (const path of markdownFiles()) {
    const text = readFileSync(join(ROOT, path), 'utf8');
    const filled = fillLesson(join(ROOT, path), text);
    mistakes.push(...filled.mistakes);
    if (filled.text !== text)
      mistakes.push(`${path}: quotes code that has changed (npm run lessons -- --write)`);
    mistakes.push(
      ...checkLinks(ROOT, path, text),
      ...checkCommands(path, text, new Set(Object.keys(scripts))),
    );
  }
  for (const path of guides()) mistakes.push(...checkExamples(path, readFileSync(join(ROOT, path), 'utf8')));
  for (const chapter of findChapters()) {
    if (chapter.lesson === undefined) continue;
    const text = readFileSync(chapter.lesson, 'utf8');
    const markers: Marker[] = [];
    for (const path of findBelow(ROOT, chapter.path, '.ts')) {
      const found = findMarkers(path, readFileSync(join(ROOT, path), 'utf8'));
      markers.push(...found.markers);
      mistakes.push(...found.mistakes);
    }
    mistakes.push(
      ...checkForm(chapter, text),
      ...checkSteps(chapter, markers, text, (path) => existsSync(join(ROOT, path))),
    );
  }
  return mistakes;
}

await runCommand(async () => {
  const args = process.argv.slice(2);
  const unknown = args.find(
    (arg) => !['--write', '--check', '--help'].includes(arg) && !/^\d{1,2}$/.test(arg),
  );
  if (unknown !== undefined)
    throw new UsageError(`Unknown option "${unknown}": see npm run lessons -- --help`);
  if (args.includes('--help')) return console.log(HELP);
  const chapter = args.find((arg) => /^\d/.test(arg));
  const only = chapter === undefined ? undefined : Number(chapter);
  const mistakes = args.includes('--write') ? await write(only) : check();
  for (const mistake of mistakes) console.error(mistake);
  if (mistakes.length > 0) throw new UsageError(`${mistakes.length} mistake(s) in the lessons`, 1);
  console.log(args.includes('--write') ? 'The lessons are filled.' : 'The lessons are in order.');
});

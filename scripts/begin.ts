import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import type { Chapter } from './chapters.ts';
import { layContract } from './course/contract.ts';
import { layStarter } from './course/lay.ts';
import { chooseChapter, hasBegun, myFolder } from './course/reader-code.ts';
import { readSteps } from './course/steps.ts';
import { explainArguments, runCommand } from './terminal.ts';

const HELP = `Lays the starter of a chapter into my/: its files with what you will write taken out.

  npm run begin 2               begin chapter 2; what is there already is never overwritten
  npm run begin 2 -- --blank    only what the others need of it, as types: the rest is yours from an empty folder`;

function begin(chapter: Chapter, blank: boolean): void {
  const folder = myFolder(chapter);
  const begun = hasBegun(chapter);
  const laid = blank ? layContract(chapter) : layStarter(chapter);
  if (laid.length === 0) {
    console.log(
      `You have begun already: ${folder} is left as it is. To start over: npm run reset ${chapter.number}`,
    );
    return;
  }
  console.log(`${begun ? 'Added what was missing in' : 'Laid'} ${pc.bold(folder)}:`);
  for (const path of laid) console.log(`  ${path}`);
  const [first] = chapter.lesson === undefined ? [] : readSteps(readFileSync(chapter.lesson, 'utf8'));
  if (first !== undefined) console.log(`\nThe first step: ${pc.bold(`${first.id} ${first.title}`)}`);
  console.log(`The lesson: ${chapter.path}/README.md\nThen: npm run check ${chapter.number}`);
}

await runCommand(async () => {
  let given: { values: { blank: boolean; help: boolean }; positionals: string[] };
  try {
    given = parseArgs({
      args: process.argv.slice(2),
      allowPositionals: true,
      options: {
        blank: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw explainArguments(error, 'npm run begin -- --help');
  }
  if (given.values.help) console.log(HELP);
  else begin(chooseChapter(given.positionals[0], 'begin'), given.values.blank);
});

import { layStarter, setAside } from './course/lay.ts';
import { forgetProgress } from './course/progress.ts';
import { chooseChapter, myFolder } from './course/reader-code.ts';
import { runCommand, UsageError } from './terminal.ts';

const HELP = `Starts a chapter over: your code goes to my/aside/, and the starter is laid anew.

  npm run reset 2`;

await runCommand(async () => {
  const [number, ...more] = process.argv.slice(2);
  if (number === '--help' || number === '-h') return console.log(HELP);
  if (more.length > 0) throw new UsageError('npm run reset takes one chapter: see npm run reset -- --help');
  const chapter = chooseChapter(number, 'reset');
  const aside = setAside(chapter);
  if (aside === undefined) {
    throw new UsageError(`There is nothing to reset: begin with npm run begin ${chapter.number}`, 1);
  }
  layStarter(chapter);
  forgetProgress(chapter);
  console.log(`Your code is in ${aside} now; ${myFolder(chapter)} holds the starter again.`);
});

import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { join } from 'node:path';
import pc from 'picocolors';
import { ROOT } from './chapters.ts';
import { chooseChapter, myFolder, readersChapters } from './course/reader-code.ts';
import { runCommand, untilSignal } from './terminal.ts';
import { nodeArguments } from './test-runner/steps.ts';

const HELP = `Checks a chapter again whenever you save a file of it. Takes what npm run check takes.

  npm run watch 2
  npm run watch 2 -- --step 2.3

Ctrl-C ends it.`;

/** An editor that saves writes several times in a row. */
const SETTLE_MS = 150;

await runCommand(async () => {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) return console.log(HELP);
  const chapter = chooseChapter(
    args.find((arg) => !arg.startsWith('-')),
    'watch',
  );
  readersChapters(chapter);
  let running: ReturnType<typeof spawn> | undefined;
  const check = (): void => {
    running?.kill('SIGKILL');
    if (process.stdout.isTTY) process.stdout.write('\x1b[2J\x1b[H');
    const child = spawn(process.execPath, nodeArguments('scripts/check.ts', ...args), {
      cwd: ROOT,
      stdio: 'inherit',
    });
    running = child;
    child.on('close', () => {
      if (running !== child) return;
      running = undefined;
      console.log(pc.dim(`\nwatching ${myFolder(chapter)}; Ctrl-C ends it`));
    });
  };
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(join(ROOT, myFolder(chapter)), { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(check, SETTLE_MS);
  });
  check();
  await untilSignal();
  watcher.close();
  clearTimeout(timer);
  running?.kill('SIGKILL');
});

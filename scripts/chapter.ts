import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { type Chapter, defaultPort, findChapters } from './chapters.ts';
import { runOnReadersCode, runsReadersCode } from './course/run-my.ts';
import { createNarrator, MASKED } from './narrator.ts';
import type { Stage, StageServer } from './stage-types.ts';
import {
  explainArguments,
  explainListenError,
  parsePort,
  runCommand,
  UsageError,
  untilSignal,
} from './terminal.ts';

const HELP = `Runs a chapter of the course: starts its server, plays a scenario against it, and stays up for you.

  npm run chapter                     list the chapters
  npm run chapter 1                   run chapter 1
  npm run chapter 1 -- --once         end after the scenario
  npm run chapter 1 -- --serve        start only the server
  npm run chapter 1 -- --my           run your own code, from my/
  npm run chapter 1 -- --port 9000    listen there (0: any free port; without it 7400 + the chapter)
  npm run chapter 1 -- --host ::1     listen on that address (without it 127.0.0.1)
  npm run chapter 1 -- --help         this text

DEBUG=leveret:* npm run chapter 4     shows what happens inside.
NO_COLOR=1 prints without colours. Ctrl-C ends.`;

interface Options {
  readonly chapter: string | undefined;
  readonly once: boolean;
  readonly serve: boolean;
  readonly my: boolean;
  readonly help: boolean;
  readonly host: string;
  readonly port: string | undefined;
}

function readOptions(args: string[]): Options {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        once: { type: 'boolean', default: false },
        serve: { type: 'boolean', default: false },
        my: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        host: { type: 'string', default: '127.0.0.1' },
        port: { type: 'string' },
      },
    });
    if (positionals.length > 1)
      throw new UsageError(`One chapter at a time, please: got ${positionals.join(' ')}.`);
    if (values.once && values.serve) throw new UsageError('--once and --serve exclude each other.');
    const { once, serve, my, help, host } = values;
    return { chapter: positionals[0], once, serve, my, help, host, port: values.port };
  } catch (error) {
    throw explainArguments(error, 'npm run chapter -- --help');
  }
}

function list(chapters: readonly Chapter[]): string {
  if (chapters.length === 0) return 'There is no chapter here yet.';
  const lines = chapters.map(({ number, title, works, main }) => {
    const state = main === undefined ? pc.dim(' (no stage yet)') : '';
    const sentence = works === '' ? '' : `\n      ${pc.dim(works)}`;
    return `  ${pc.bold(String(number).padStart(2))}  ${title}${state}${sentence}`;
  });
  const runnable = chapters.find((chapter) => chapter.main !== undefined)?.number ?? 1;
  return ['The chapters:', '', ...lines, '', `Run one: npm run chapter ${runnable}`].join('\n');
}

function choose(chapters: readonly Chapter[], text: string): Chapter & { main: string } {
  const chapter = /^\d{1,2}$/.test(text) ? chapters.find(({ number }) => number === Number(text)) : undefined;
  const numbers = chapters.filter(({ main }) => main !== undefined).map(({ number }) => number);
  if (chapter?.main === undefined) {
    throw new UsageError(
      `There is no chapter "${text}" to run. There are: ${numbers.join(', ') || 'none yet'}.`,
    );
  }
  return { ...chapter, main: chapter.main };
}

async function loadStage(chapter: Chapter & { main: string }): Promise<Stage> {
  const loaded: unknown = await import(pathToFileURL(chapter.main).href);
  if (typeof loaded !== 'object' || loaded === null || !('stage' in loaded)) {
    throw new UsageError(`${chapter.path}/main.ts exports no stage.`, 1);
  }
  return loaded.stage as Stage;
}

async function play(stage: Stage, server: StageServer, print: (line: string) => void): Promise<void> {
  try {
    await stage.scenario(server, createNarrator(print));
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new UsageError(`The scenario failed: ${reason}`, 1);
  }
}

async function run(options: Options, chapter: Chapter & { main: string }): Promise<void> {
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  // A scenario that ends by itself meets nobody, so any free port will do; a server that stays needs a known one.
  const fallback = options.once ? 0 : defaultPort(chapter.number);
  const port = options.port === undefined ? fallback : parsePort(options.port);
  const stage = await loadStage(chapter);
  const signal = untilSignal();
  let server: StageServer;
  try {
    server = await stage.serve({ host: options.host, port });
  } catch (error) {
    const again = `npm run chapter ${chapter.number} -- --port 0`;
    throw explainListenError(error, options.host, port, again);
  }
  const address = MASKED ? '…' : `${server.host}:${server.port}`;
  print(pc.bold(pc.green(`Chapter ${chapter.number}: ${stage.title}`)));
  print(pc.dim(`listening on ${address}`));
  try {
    if (!options.serve) {
      print('');
      const signalled = await Promise.race([play(stage, server, print), signal]);
      if (signalled !== undefined) {
        await server.close();
        // Half a scenario may still hold sockets and timers.
        process.exit(0);
      }
    }
    if (options.once) return;
    print('');
    print(pc.bold('The server stays up. Talk to it:'));
    for (const line of stage.talk(server)) print(`  ${line}`);
    print(pc.dim('Ctrl-C ends it.'));
    await signal;
    print('');
    print(pc.dim('closing'));
  } finally {
    await server.close();
  }
}

await runCommand(async () => {
  const options = readOptions(process.argv.slice(2));
  const chapters = findChapters();
  if (options.help) console.log(HELP);
  else if (options.chapter === undefined) console.log(list(chapters));
  else if (options.my && !runsReadersCode()) await runOnReadersCode(choose(chapters, options.chapter));
  else await run(options, choose(chapters, options.chapter));
});

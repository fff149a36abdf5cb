import { writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { ConfigError } from '../broker/config-issue.ts';
import { type Broker, createBroker } from '../index.ts';
import type { Inspector } from '../inspector/index.ts';
import { loadConfig, messageFor, printConfig } from './config/load.ts';
import { LIMIT_SETTINGS, OWN_SETTINGS, type ServeSettings } from './config/settings.ts';
import { startDemo } from './demo.ts';
import { addExamples } from './examples.ts';
import { usageError } from './exit-code.ts';
import { createLogger } from './log.ts';
import { reload } from './reload.ts';
import { onHangup, onInterrupt, print, whenAborted } from './terminal.ts';
import { VERSION } from './version.ts';

/** Adds `leveret serve`. */
export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .summary('run a broker')
    .description(
      'Run a broker. Flags go before the environment (LEVERET_PORT, LEVERET_MAX_LAG_BYTES, ...), the environment ' +
        'before the file, the file before the defaults. Ctrl-C ends it in good order; a second one at once.',
    );
  for (const { flag, help } of OWN_SETTINGS) command.addOption(new Option(flag, help));
  command
    .option('--config <file>', 'read options from a JSON file')
    .option(
      '--set <name=value>',
      'set a limit by the name that it has in the file, such as maxLagBytes=8MiB',
      collect,
    )
    .option('--print-config', 'print the configuration that all this comes to, and end')
    .option('--ready-file <file>', 'write the addresses into this file, as JSON, once it listens')
    .option('--demo', 'add a few publishers and subscribers, so that there is something to see')
    .optionsGroup('Limits:');
  for (const { flag, help } of LIMIT_SETTINGS) command.addOption(new Option(flag, help));
  command.action(async (flags: Record<string, unknown>) => serve(flags));
  addExamples(command, [
    { says: 'on this machine only, port 7410', run: 'leveret serve', staysUpAfter: /leveret:\/\// },
    {
      says: 'with the inspector page and something to look at',
      run: 'leveret serve --demo --http 8890',
      staysUpAfter: /http:\/\//,
    },
    {
      says: 'for other machines, who must know the token',
      run: 'LEVERET_TOKEN=s3cret leveret serve --host 0.0.0.0',
      staysUpAfter: /leveret:\/\//,
    },
    {
      says: 'slow subscribers skip instead of being disconnected; a limit of its own',
      run: 'leveret serve --slow-policy skip --max-lag-bytes 8MiB',
      staysUpAfter: /leveret:\/\//,
    },
    { says: 'begin a file for --config', run: 'leveret serve --port 7000 --print-config > leveret.json' },
  ]);
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

async function serve(flags: Record<string, unknown>): Promise<void> {
  const config = loadConfig(flags, process.env);
  const { settings, origins, warnings } = config;
  if (flags.printConfig === true) {
    for (const [path, from] of origins) process.stderr.write(`${path}: from ${from}\n`);
    for (const warning of warnings) process.stderr.write(`${warning}\n`);
    await print(`${printConfig(config)}\n`);
    return;
  }
  const interrupted = onInterrupt();
  let hangup = (): void => {};
  onHangup(() => hangup());
  const { http, logLevel, ...options } = settings;
  const logger = createLogger(logLevel);
  logger.info({ version: VERSION, pid: process.pid, node: process.version }, 'leveret starts');
  for (const warning of warnings) logger.warn({}, warning);
  const broker = await createBroker({ ...clean(options), logger }).catch((error: unknown) => {
    throw error instanceof ConfigError ? usageError(messageFor(error, origins)) : error;
  });
  let inspector: Inspector | undefined;
  let demo: Awaited<ReturnType<typeof startDemo>> | undefined;
  try {
    if (http !== undefined) {
      const { insecure } = settings;
      const { startInspector } = await import('../inspector/index.ts');
      inspector = await startInspector(broker, { ...clean(http), insecure, logger });
    }
    if (flags.demo === true) demo = await startDemo(broker, tokenFor(settings));
  } catch (error) {
    await inspector?.close();
    await broker.close(0);
    throw error;
  }
  if (typeof flags.readyFile === 'string') {
    const ready = { pid: process.pid, addresses: broker.addresses, http: inspector?.url };
    writeFileSync(flags.readyFile, `${JSON.stringify(ready, null, 2)}\n`);
  }
  await print(`${greeting(broker, inspector)}\n`);
  logger.info('everything is held in memory: a restart loses all messages and topics');
  hangup = () => reload(broker, flags, settings, logger);
  await whenAborted(interrupted);
  hangup = () => {};
  await demo?.stop();
  await Promise.all([inspector?.close(), broker.close()]);
  await new Promise<void>((resolve) => logger.flush(() => resolve()));
}

/** One line with one address: the page's if there is one, for that is what a person opens. */
function greeting(broker: Broker, inspector: Inspector | undefined): string {
  const where = `${broker.host.includes(':') ? `[${broker.host}]` : broker.host}:${broker.port}`;
  if (inspector === undefined) return `leveret is listening at leveret://${where}`;
  return `leveret is listening at ${where}; look at it here: ${inspector.url}`;
}

/** Drops members that are undefined, which exact optional properties do not allow. */
function clean<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]: Exclude<T[K], undefined> };
}

/** Whose token the demo may use. */
function tokenFor({ auth }: ServeSettings): string {
  if (auth === undefined) return '';
  const free = auth.tokens.find(({ publish, subscribe }) => publish === undefined && subscribe === undefined);
  if (free?.token === undefined)
    throw usageError('--demo needs a token that may do everything: give one by --token');
  return free.token;
}

import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { DEFAULT_HOST } from '#framing/net';
import {
  explainArguments,
  explainListenError,
  parsePort,
  runCommand,
  UsageError,
  untilSignal,
} from './terminal.ts';
import { XrayPage } from './xray/page.ts';
import { printBroken, printFrame } from './xray/print.ts';
import { startProxy } from './xray/proxy.ts';

const HELP = `Shows every frame that goes by between clients and a server, byte by byte: yours too, in any language.
It stands in front of the server on that port; let your client connect to the port that it prints.

  npm run xray -- 9000                 in front of port 9000 of this machine, on any free port
  npm run xray -- 9000 --listen 9001   clients connect to port 9001
  npm run xray -- 9000 --plain         frames of chapters 1 to 3, whose bodies are no protocol
  npm run xray -- 9000 --page 8891     the inspector's page there; without it, any free port
  npm run xray -- 9000 --quiet         only the page, nothing in the terminal

→ is to the server, ← from it. Ctrl-C ends it.`;

function readOptions(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        listen: { type: 'string', default: '0' },
        page: { type: 'string', default: '0' },
        plain: { type: 'boolean', default: false },
        quiet: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw explainArguments(error, 'npm run xray -- --help');
  }
}

await runCommand(async () => {
  const { values, positionals } = readOptions(process.argv.slice(2));
  if (values.help) return console.log(HELP);
  const [text, ...more] = positionals;
  if (text === undefined || more.length > 0)
    throw new UsageError('npm run xray takes one port, such as: npm run xray -- 9000');
  const target = { host: DEFAULT_HOST, port: parsePort(text) };
  const { plain, quiet } = values;
  const say = (lines: readonly string[]): void => {
    if (!quiet) console.log(lines.join('\n'));
  };
  const port = parsePort(values.listen);
  const signal = untilSignal();
  let page: XrayPage | undefined;
  try {
    page = await XrayPage.start(parsePort(values.page), `x-ray of port ${target.port}`);
    const shown = page;
    const proxy = await startProxy(
      { host: DEFAULT_HOST, port, target, plain },
      {
        opened: (number, address) => {
          shown.opened(number, address);
          say([pc.dim(`#${number} connects from ${address}`)]);
        },
        frame: (number, frame) => {
          shown.frame(number, frame);
          say(printFrame(number, frame, plain));
        },
        broken: (number, direction, reason, bytes) => say(printBroken(number, direction, reason, bytes)),
        closed: (number, reason) => {
          shown.closed(number);
          say([pc.dim(`#${number} is closed${reason === '' ? '' : `: ${reason}`}`)]);
        },
      },
    );
    shown.bridgeTo(proxy.port);
    console.log(`${pc.bold(`connect to 127.0.0.1:${proxy.port}`)} instead of ${target.port}`);
    console.log(`the page: ${shown.url}#xray\n${pc.dim('Ctrl-C ends it.')}`);
    await signal;
    await proxy.close();
  } catch (error) {
    throw explainListenError(error, DEFAULT_HOST, port, `npm run xray -- ${target.port} --listen 0`);
  } finally {
    page?.close();
  }
});

/** What it costs a server to hold connections on which nothing happens: resident memory for each. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Bench, benchOptions, numbers } from './bench-module.ts';
import { inBoth, otherCheckout, splitCheckout } from './checkout.ts';
import type { AdapterName } from './load/adapters.ts';
import { residentBytes } from './process-metrics.ts';
import { Report } from './report.ts';
import { type BenchServer, isOwn, MissingServerError, serverKind, startScript } from './servers.ts';
import { figure, median, ratio } from './table.ts';

const HOLDER = fileURLToPath(new URL('./load/hold-connections.ts', import.meta.url));
/** A process may have 20,000 descriptors; connections beyond this number get a further process of clients. */
const PER_HOLDER = 10_000;
/**
 * Held already at the first look at the memory: a server's code, its first buffers and the room that its heap had left
 * over are then used up, and only connections make a difference.
 */
const BASE = 1_000;
const GOAL = 8_192;

/** A server that is asked to hold connections. */
interface Contestant {
  readonly name: string;
  readonly own: boolean;
  readonly protocol: AdapterName | 'none';
  start(connections: number): Promise<BenchServer>;
}

interface Round {
  readonly before: number;
  readonly after: number;
  readonly seconds: number;
  readonly each: number;
}

function table(name: string, checkout: string | undefined): Contestant {
  const start = () => startScript(name, 'serve-connections.ts', [], checkout);
  return { name: name.replace('table', 'chapter-5 table'), own: true, protocol: 'none', start };
}

function contestant(name: string): Contestant {
  const { name: plain, checkout } = splitCheckout(name);
  if (plain === 'table') return table(name, checkout);
  const kind = serverKind(name);
  const own = kind.adapter === 'leveret';
  return {
    name,
    own,
    protocol: kind.adapter,
    async start(connections) {
      const server = await kind.start(own ? { maxConnections: connections + 2 * BASE } : {});
      if (kind.adapter === 'redis') await allowRedis(server.port, connections + 2 * BASE);
      return server;
    },
  };
}

/** Redis holds 10,000 clients unless it is told otherwise, and one of them is its own. */
async function allowRedis(port: number, clients: number): Promise<void> {
  const socket = net.connect({ host: '127.0.0.1', port });
  socket.write(`CONFIG SET maxclients ${clients}\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  if (!answer.toString().startsWith('+OK')) throw new Error(`redis-server: ${answer}`);
}

/** Processes of clients that hold so many connections; their end closes them. */
async function hold(server: BenchServer, protocol: string, connections: number): Promise<ChildProcess[]> {
  const holders: ChildProcess[] = [];
  try {
    for (let left = connections; left > 0; left -= PER_HOLDER) {
      const args = [`${server.port}`, `${Math.min(left, PER_HOLDER)}`, protocol];
      const holder = fork(HOLDER, args, { execArgv: ['--import', 'tsx'] });
      holders.push(holder);
      const [answer] = (await once(holder, 'message')) as [{ error?: string }];
      if (answer.error !== undefined) throw new Error(`${server.name}: ${answer.error}`);
    }
    return holders;
  } catch (error) {
    await release(holders);
    throw error;
  }
}

async function release(holders: readonly ChildProcess[]): Promise<void> {
  for (const holder of holders) {
    if (holder.exitCode !== null || holder.signalCode !== null) continue;
    const gone = once(holder, 'exit');
    holder.kill('SIGKILL');
    await gone;
  }
}

/** Resident memory once it has settled: after a collection where we can ask for one, and unchanged for a second. */
async function settled(server: BenchServer, own: boolean): Promise<number> {
  let last = -1;
  let same = 0;
  for (let look = 0; look < 60 && same < 4; look += 1) {
    if (own && look % 4 === 0) await server.memory();
    await delay(250);
    const now = residentBytes(server.pid);
    // Half a percent of noise is as settled as a running program gets.
    same = Math.abs(now - last) < now / 200 ? same + 1 : 0;
    last = now;
  }
  return last;
}

async function measure(one: Contestant, connections: number): Promise<Round> {
  const server = await one.start(connections);
  try {
    const base = await hold(server, one.protocol, BASE);
    const before = await settled(server, one.own);
    const begin = performance.now();
    const holders = await hold(server, one.protocol, connections);
    const seconds = (performance.now() - begin) / 1000;
    const after = await settled(server, one.own);
    await release([...base, ...holders]);
    return { before, after, seconds, each: (after - before) / connections };
  } finally {
    await server.stop();
  }
}

async function run(args: string[]): Promise<void> {
  const { quick, record, values } = benchOptions(args, ['servers', 'connections', 'rounds', 'against']);
  const connections = numbers('connections', values.connections ?? (quick ? '2000' : '10000'))[0] ?? 1;
  const rounds = numbers('rounds', values.rounds ?? (quick ? '1' : '3'))[0] ?? 1;
  const against = otherCheckout(values.against);
  const names = (values.servers ?? 'table,chapter-6,nats-server,redis-server').split(',');
  const both = names.flatMap((name) => (name === 'table' || isOwn(name) ? inBoth(name, against) : [name]));
  const contestants = both.map(contestant);
  const report = new Report('connections', { record });
  const count = connections.toLocaleString('en-US');
  report.text(
    `${count} connections on which nothing happens, each with one subscription (the table of chapter 5 knows none), ` +
      `their clients in other processes. Resident memory of the server, once it has settled, with ` +
      `${BASE.toLocaleString('en-US')} connections ("before") and with ${count} more; the middle of ${rounds} ` +
      `${rounds === 1 ? 'round' : 'rounds'}, each with a fresh server.`,
  );
  const measured: { one: Contestant; round: Round }[] = [];
  for (const one of contestants) {
    const all: Round[] = [];
    try {
      for (let round = 0; round < rounds; round += 1) all.push(await measure(one, connections));
    } catch (error) {
      if (!(error instanceof MissingServerError)) throw error;
      report.progress(error.message);
      continue;
    }
    const each = median(all.map((round) => round.each));
    const round = all.find((candidate) => candidate.each === each);
    if (round !== undefined) measured.push({ one, round });
    report.progress(`${one.name}: ${figure(each)} bytes for each connection`);
  }
  const nats = measured.find(({ one }) => one.name === 'nats-server')?.round.each;
  report.table({
    columns: ['server', 'bytes a connection', 'to nats-server', 'before, MB', 'after, MB', 'opened in, s'],
    rows: measured.map(({ one, round }) => [
      one.name,
      Math.round(round.each).toLocaleString('en-US'),
      ratio(round.each, nats),
      figure(round.before / 1e6),
      figure(round.after / 1e6),
      figure(round.seconds),
    ]),
  });
  const bars = measured.map(({ one, round }) => ({
    label: one.name,
    value: round.each,
    text: `${Math.round(round.each).toLocaleString('en-US')} B`,
    own: one.own,
  }));
  report.chart('connections', 'Resident memory of an idle connection', [
    { title: `${count} connections`, bars },
  ]);
  for (const { one, round } of measured.filter(({ one }) => one.own)) {
    const reached = round.each <= GOAL && (nats === undefined || round.each < nats);
    const goal = `at most ${GOAL.toLocaleString('en-US')} bytes and below nats-server`;
    report.text(`Goal for ${one.name}, ${goal}: ${reached ? 'reached' : 'MISSED'}.`);
  }
  await report.save();
}

export const bench: Bench = {
  name: 'connections',
  summary: 'resident memory of an idle connection: the table of chapter 5 and brokers side by side',
  options: [
    '--servers table,chapter-6,nats-server,redis-server   --connections 10000   --rounds 3',
    'also: chapter-4, final, mosquitto, aedes',
    "--against DIR: beside each of the course's servers that of another checkout",
  ],
  run,
};

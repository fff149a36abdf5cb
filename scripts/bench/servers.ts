import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePrograms } from '../system-packages.ts';
import { forkScript, splitCheckout } from './checkout.ts';
import type { AdapterName } from './load/adapters.ts';

/** A broker under measurement, running as a process of its own on 127.0.0.1. */
export interface BenchServer {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  /** Memory after a garbage collection; only the course's own brokers can tell it. */
  memory(): Promise<NodeJS.MemoryUsage>;
  stop(): Promise<void>;
}

/** A broker that can be started. */
export interface ServerKind {
  readonly name: string;
  /** What the load generator speaks with it. */
  readonly adapter: AdapterName;
  /** Start it; `options` go to the course's own brokers only. */
  start(options?: object): Promise<BenchServer>;
}

/** This broker is not there (a chapter that is not written yet); a bench leaves it out by name. */
export class MissingServerError extends Error {
  override readonly name = 'MissingServerError';
}

const HOST = '127.0.0.1';
const READY_MS = 20_000;

const aedes: ServerKind = {
  name: 'aedes',
  adapter: 'mqtt',
  start: () => startScript('aedes', 'serve-aedes.ts', []),
};

/** Every broker that the benches know, by name. */
export const serverKinds: ReadonlyMap<string, ServerKind> = new Map(
  [
    leveret('chapter-6'),
    leveret('chapter-4'),
    leveret('final'),
    native('nats-server', 'nats', async (port) => ['-a', HOST, '-p', `${port}`]),
    native('redis-server', 'redis', async (port, folder) => [
      '--bind',
      HOST,
      '--port',
      `${port}`,
      '--dir',
      folder,
      '--save',
      '',
      '--appendonly',
      'no',
    ]),
    native('mosquitto', 'mqtt', async (port, folder) => {
      // Its default of 1,000 queued messages drops QoS 0 deliveries, which a run without loss cannot have.
      const lines = [`listener ${port} ${HOST}`, 'allow_anonymous true', 'persistence false'];
      const file = join(folder, 'mosquitto.conf');
      await writeFile(file, [...lines, 'max_queued_messages 0', 'log_dest none', ''].join('\n'));
      return ['-c', file];
    }),
    aedes,
  ].map((kind): [string, ServerKind] => [kind.name, kind]),
);

/** The server of the `limit` bench, which only writes prebuilt frames of payloads of this size. */
export function bareServer(payload: number): ServerKind {
  const start = () => startScript('bare writes', 'serve-bare.ts', [`${payload}`]);
  return { name: 'bare writes', adapter: 'leveret-unchecked', start };
}

/**
 * The kind of that name; `NAME@DIR` is one of the course's own brokers as it is in another checkout.
 *
 * @throws RangeError that lists those there are.
 */
export function serverKind(text: string): ServerKind {
  const { name, checkout } = splitCheckout(text);
  const kind = serverKinds.get(name);
  if (!kind)
    throw new RangeError(`no server is called "${name}"; there are: ${[...serverKinds.keys()].join(', ')}`);
  return checkout === undefined || !isOwn(name) ? kind : leveret(name, checkout);
}

/** True for the course's own brokers. */
export function isOwn(name: string): boolean {
  return serverKinds.get(name.replace(/-batched$/, ''))?.adapter === 'leveret';
}

/** Run `body` with a server of this kind, and stop the server whatever happens. */
export async function withServer<T>(
  kind: ServerKind,
  body: (server: BenchServer) => Promise<T>,
  options?: object,
): Promise<T> {
  const server = await kind.start(options);
  try {
    return await body(server);
  } finally {
    await server.stop();
  }
}

function leveret(name: string, checkout?: string): ServerKind {
  return {
    name,
    adapter: 'leveret',
    start: (options = {}) => startScript(name, 'serve-leveret.ts', [name, JSON.stringify(options)], checkout),
  };
}

/** Start a script of this folder that tells its port over the channel that `fork` opens. */
export async function startScript(
  name: string,
  script: string,
  args: readonly string[],
  checkout?: string,
): Promise<BenchServer> {
  const options = { execArgv: ['--expose-gc', '--import', 'tsx'], env: { ...process.env, DEBUG: '' } };
  const child = forkScript(script, args, options, checkout);
  const answer = await nextMessage<{ port?: number; missing?: string }>(child, name);
  if (answer.missing !== undefined) throw new MissingServerError(`${name} is left out: ${answer.missing}`);
  if (answer.port === undefined) throw new Error(`${name} told no port`);
  return serverOf(name, child, answer.port, async () => {
    child.send('memory');
    return (await nextMessage<{ memory: NodeJS.MemoryUsage }>(child, name)).memory;
  });
}

function native(
  name: string,
  adapter: AdapterName,
  args: (port: number, folder: string) => Promise<string[]>,
): ServerKind {
  const start = async () => {
    const program = ensurePrograms([name]).get(name) ?? name;
    const folder = await mkdtemp(join(tmpdir(), 'leveret-bench-'));
    const port = await freePort();
    const child = spawn(program, await args(port, folder), { stdio: 'ignore' });
    child.once('exit', () => void rm(folder, { recursive: true, force: true }).catch(() => {}));
    const server = serverOf(name, child, port, async () => {
      throw new Error(`${name} does not tell its memory`);
    });
    try {
      await untilListening(child, name, port);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  };
  return { name, adapter, start };
}

function serverOf(
  name: string,
  child: ChildProcess,
  port: number,
  memory: () => Promise<NodeJS.MemoryUsage>,
): BenchServer {
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} could not be started`);
  const endWithUs = () => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  return {
    name,
    host: HOST,
    port,
    pid,
    memory,
    async stop() {
      process.removeListener('exit', endWithUs);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function nextMessage<T>(child: ChildProcess, name: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`${name} ended with code ${code}`));
    child.once('exit', onExit);
    child.once('error', reject);
    child.once('message', (message) => {
      child.removeListener('exit', onExit);
      child.removeListener('error', reject);
      resolve(message as T);
    });
  });
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no free port');
  return address.port;
}

async function untilListening(child: ChildProcess, name: string, port: number): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null)
      throw new Error(`${name} ended with code ${child.exitCode} before it listened`);
    if (await canConnect(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${name} did not listen within ${READY_MS / 1000} s`);
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: HOST, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

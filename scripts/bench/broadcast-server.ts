/** What a delivery costs the broadcast server of chapter 3, sockets and all. For its exercises. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import process from 'node:process';
import { LAGGED_TYPE, startBroadcastServer } from '#broadcast/server';
import { encodeFrame, FrameReader } from '#framing';
import { openSocket } from '#framing/net';
import { type Bench, benchOptions, numbers } from './bench-module.ts';
import { Report } from './report.ts';
import { figure, median } from './table.ts';

interface Round {
  readonly wallMicros: number;
  readonly cpuMicros: number;
  readonly missed: number;
}

/** Counts the frames that come, told losses included, and resolves when there are as many as were sent. */
function hear(socket: Socket, frames: number): Promise<{ missed: number }> {
  return new Promise((resolve, reject) => {
    let heard = 0;
    let missed = 0;
    const reader = new FrameReader((type, bytes, start) => {
      if (type === LAGGED_TYPE) missed += bytes.readUInt32BE(start);
      else heard += 1;
    });
    const read = (chunk: Buffer) => {
      reader.push(chunk);
      if (heard + missed < frames) return;
      socket.off('data', read).off('close', closed);
      resolve({ missed });
    };
    const closed = () => reject(new Error(`closed after ${heard + missed} of ${frames} frames`));
    socket.on('data', read).once('close', closed);
  });
}

async function measure(
  publisher: Socket,
  subscribers: Socket[],
  load: Buffer,
  frames: number,
): Promise<Round> {
  const heard = Promise.all(subscribers.map((socket) => hear(socket, frames)));
  const start = process.hrtime.bigint();
  const before = process.cpuUsage();
  // In pieces, as a program that publishes in earnest would.
  for (let at = 0; at < load.length; at += 16_384) {
    if (!publisher.write(load.subarray(at, at + 16_384))) await once(publisher, 'drain');
  }
  const counts = await heard;
  const { user, system } = process.cpuUsage(before);
  return {
    wallMicros: Number(process.hrtime.bigint() - start) / 1000,
    cpuMicros: user + system,
    missed: counts.reduce((sum, { missed }) => sum + missed, 0),
  };
}

async function run(args: string[]): Promise<void> {
  const { quick, record, values } = benchOptions(args, ['subscribers', 'frames', 'rounds']);
  const one = (option: 'frames' | 'rounds', text: string) => numbers(option, values[option] ?? text)[0] ?? 1;
  const frames = one('frames', quick ? '5000' : '20000');
  const rounds = one('rounds', quick ? '1' : '3');
  const report = new Report('broadcast-server', { record });
  report.text(
    `The broadcast server of chapter 3, its clients in the same process. One client sends ${frames} frames with ` +
      `64 bytes of body as fast as it can; all receive them, itself too. The middle of ${rounds} rounds.`,
  );
  const load = Buffer.concat(Array.from({ length: frames }, () => encodeFrame(1, Buffer.alloc(64))));
  const rows: string[][] = [];
  for (const count of numbers('subscribers', values.subscribers ?? '1,10,50')) {
    const server = await startBroadcastServer();
    try {
      const sockets: Socket[] = [];
      while (sockets.length < count) sockets.push(await openSocket(server.host, server.port));
      const [publisher] = sockets;
      if (publisher === undefined) throw new Error('no client');
      while (server.connections < count) await new Promise((resolve) => setImmediate(resolve));
      // One frame to warm up: from then on each has an owner on the server's side.
      const ready = Promise.all(sockets.map((socket) => hear(socket, 1)));
      publisher.write(encodeFrame(1, Buffer.alloc(0)));
      await ready;
      const runs: Round[] = [];
      for (let round = 0; round < rounds; round += 1)
        runs.push(await measure(publisher, sockets, load, frames));
      const deliveries = frames * count;
      rows.push([
        String(count),
        figure(median(runs.map((round) => round.cpuMicros)) / deliveries),
        figure(deliveries / median(runs.map((round) => round.wallMicros))),
        `${((100 * median(runs.map((round) => round.missed))) / deliveries).toFixed(1)} %`,
      ]);
    } finally {
      await server.close();
    }
  }
  const columns = [
    'subscribers',
    'us processor per delivery',
    'million deliveries a second',
    'missed, and told',
  ];
  report.table({ columns, rows });
  await report.save();
}

export const bench: Bench = {
  name: 'broadcast-server',
  summary: 'what a delivery costs the broadcast server of chapter 3, over sockets',
  options: [
    '--subscribers 1,10,50  clients, each of which receives everything',
    '--frames 20000         frames sent in a round',
    '--rounds 3             rounds, of which the middle one counts',
  ],
  run,
};

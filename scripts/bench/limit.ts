import { type Bench, benchOptions, numbers, seconds } from './bench-module.ts';
import { contestant, type Measured, measureCell } from './fan-out.ts';
import { Report } from './report.ts';
import { bareServer } from './servers.ts';
import { figure, median, ratio } from './table.ts';

/** A record's own bytes on the wire: u16 key size and u32 payload size. */
const RECORD_HEADER = 6;
const GOAL = 0.7;

async function run(args: string[]): Promise<void> {
  const { quick, record, values } = benchOptions(args, [
    'server',
    'subscribers',
    'payload',
    'seconds',
    'rounds',
  ]);
  const report = new Report('limit', { record });
  const effort = {
    rounds: numbers('rounds', values.rounds ?? (quick ? '1' : '5'))[0] ?? 1,
    seconds: seconds('seconds', values.seconds ?? (quick ? '1' : '3')),
    trialSeconds: quick ? 0.2 : 0.4,
  };
  const subscribers = numbers('subscribers', values.subscribers ?? '100')[0] ?? 100;
  const broker = contestant(values.server ?? 'chapter-6');
  report.text(
    'The broker beside a server that parses nothing and keeps nothing: for the bytes that it reads from the publisher ' +
      'it writes a prebuilt MESSAGES frame of the same size to each socket. Same generator, same closed loop, same reader.',
  );
  for (const payload of numbers('payload', values.payload ?? '64,1024')) {
    const bare = { name: 'bare writes', kind: bareServer(payload), adapter: 'leveret-unchecked' as const };
    const measured = await measureCell([broker, bare], { payload, subscribers }, effort);
    const bytesPerSecond = ({ rate }: Measured) => rate * (payload + RECORD_HEADER);
    const base = measured.find(({ contestant: one }) => one === bare);
    const limit = base ? bytesPerSecond(base) : 0;
    report.text(`**${payload.toLocaleString('en-US')} bytes, ${subscribers} subscribers**`);
    report.table({
      columns: [
        'server',
        'GB/s',
        'to bare writes',
        'broker CPU ns/delivery',
        'broker / generator cores',
        'lost',
      ],
      rows: measured.map((one) => [
        one.contestant.name,
        figure(bytesPerSecond(one) / 1e9),
        ratio(bytesPerSecond(one), limit),
        figure(one.cpuNs),
        [
          median(one.rounds.map((round) => round.brokerCpuSeconds / round.seconds)),
          median(one.rounds.map((round) => round.generatorCpuSeconds / round.seconds)),
        ]
          .map(figure)
          .join(' / '),
        `${one.lost}`,
      ]),
    });
    const own = measured.find(({ contestant: one }) => one === broker);
    const reached = own && bytesPerSecond(own) >= GOAL * limit ? 'reached' : 'MISSED';
    report.text(`Goal, ${GOAL * 100} % of the bytes a second of bare writes: ${reached}.`);
  }
  await report.save();
}

export const bench: Bench = {
  name: 'limit',
  summary: 'the fan-out beside a bare Node server that only writes prebuilt buffers to the same sockets',
  options: ['--server chapter-6   --subscribers 100   --payload 64,1024   --seconds 3   --rounds 5'],
  run,
};

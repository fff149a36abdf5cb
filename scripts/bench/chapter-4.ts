import { type Bench, benchOptions, numbers, seconds } from './bench-module.ts';
import { type Contestant, contestant, type Effort, measureCell } from './fan-out.ts';
import { Report } from './report.ts';
import { figure } from './table.ts';

const METHOD =
  'The broker of chapter 4 in a process of its own; one publisher and N subscribers of one topic, without windows, in another. ' +
  'Closed loop, nothing may be lost. Each publish is a frame of its own, but for "batched": 64 messages in a PUBLISH.';

async function run(args: string[]): Promise<void> {
  const { quick, record, values } = benchOptions(args, ['subscribers', 'payload', 'seconds', 'rounds']);
  const report = new Report('chapter-4', { record });
  const effort: Effort = {
    rounds: numbers('rounds', values.rounds ?? (quick ? '1' : '3'))[0] ?? 1,
    seconds: seconds('seconds', values.seconds ?? (quick ? '1' : '3')),
    trialSeconds: quick ? 0.2 : 0.4,
  };
  const contestants: Contestant[] = ['chapter-4', 'chapter-4-batched'].map(contestant);
  report.text(METHOD);
  const rows: string[][] = [];
  for (const payload of numbers('payload', values.payload ?? '64,1024')) {
    for (const subscribers of numbers('subscribers', values.subscribers ?? '1,10,100')) {
      report.progress(`${payload} bytes, ${subscribers} subscribers`);
      for (const one of await measureCell(contestants, { payload, subscribers }, effort)) {
        rows.push([
          payload.toLocaleString('en-US'),
          subscribers.toLocaleString('en-US'),
          one.contestant.name === 'chapter-4' ? 'single' : 'batched',
          Math.round(one.rate).toLocaleString('en-US'),
          figure(one.cpuNs),
          figure(one.peakResidentBytes / 1e6),
          one.lost.toLocaleString('en-US'),
        ]);
        if (one.faults.length > 0) report.text([...new Set(one.faults)].join('; '));
      }
    }
  }
  report.table({
    columns: [
      'payload',
      'subscribers',
      'publishes',
      'deliveries/s',
      'broker CPU ns/delivery',
      'broker MB',
      'lost',
    ],
    rows,
  });
  await report.save();
}

/** The baseline that chapter 6 is held against. */
export const bench: Bench = {
  name: 'chapter-4',
  summary:
    'deliveries a second, and processor time for each, of the broker of chapter 4: 1, 10, 100 subscribers',
  options: ['--subscribers 1,10,100   --payload 64,1024   --seconds 3   --rounds 3'],
  run,
};

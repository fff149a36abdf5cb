/** What must hold for every stream of bytes. */
import fc from 'fast-check';
import { cutAt } from '../../../../chapters/04-full-protocol/test/random-streams.ts';
import { differences, type Snapshots } from '../snapshot.ts';
import { answers, type Outcome, play } from './play.ts';
import { anyClientStream, anyCuts, type Cuts } from './streams.ts';

/** A stream, and a way to cut it. */
export interface Case {
  readonly stream: Buffer;
  readonly cuts: Cuts;
}

export const anyCase: fc.Arbitrary<Case> = fc.record({ stream: anyClientStream, cuts: anyCuts });

/**
 * The stream is played whole, cut at random, and byte by byte: within one turn of the event loop the broker says and does
 * the same to the last byte; over many turns, in which more may be delivered between two frames, it answers the same.
 *
 * @throws Error that shows the difference
 */
export async function sameHoweverCut({ stream, cuts }: Case, snapshots?: Snapshots): Promise<void> {
  const bytes = cutAt(stream, new Array<number>(stream.length).fill(1));
  const whole = await play([stream], 'one turn', snapshots);
  for (const [how, pieces] of [
    ['cut at random', cutAt(stream, cuts)],
    ['byte by byte', bytes],
  ] as const) {
    compare(whole, await play(pieces, 'one turn', snapshots), how);
  }
  const slow = await play(cutAt(stream, cuts), 'a turn each', undefined);
  const changes = differences(answers(whole), answers(slow));
  if (changes.length > 0) throw new Error(`over many turns it answers otherwise:\n${changes.join('\n')}`);
}

function compare(whole: Outcome, cut: Outcome, how: string): void {
  for (const [i, said] of whole.said.entries()) {
    if (cut.said[i] !== said) {
      throw new Error(`${how}, frame ${i} of the answer is\n${cut.said[i]}\nand whole it is\n${said}`);
    }
  }
  if (cut.said.length > whole.said.length) {
    throw new Error(`${how}, the broker says more: ${cut.said.slice(whole.said.length).join('\n')}`);
  }
  const changes = differences(whole.state, cut.state);
  if (changes.length > 0) throw new Error(`${how}, the broker is left otherwise:\n${changes.join('\n')}`);
}

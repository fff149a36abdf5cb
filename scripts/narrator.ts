import pc from 'picocolors';
import type { Narrator } from './stage-types.ts';

const WHO_WIDTH = 10;
const PALETTE = [pc.cyan, pc.yellow, pc.green, pc.magenta, pc.blue, pc.red];

/** True where a transcript is being taken: values that differ from run to run are masked. */
export const MASKED = process.env.LEVERET_TRANSCRIPT === '1';

/** Where the lines of a narrator go. */
export type Print = (line: string) => void;

/** Makes a narrator that prints aligned lines, with a colour for each actor where the terminal has colours. */
export function createNarrator(print: Print, masked = MASKED): Narrator {
  const colours = new Map<string, (text: string) => string>();
  let began = false;

  function colourOf(who: string): (text: string) => string {
    let colour = colours.get(who);
    if (colour === undefined) {
      colour = PALETTE[colours.size % PALETTE.length] ?? String;
      colours.set(who, colour);
    }
    return colour;
  }

  return {
    heading(text) {
      if (began) print('');
      began = true;
      print(pc.bold(text));
    },
    line(who, text) {
      const colour = colourOf(who);
      const indent = ' '.repeat(WHO_WIDTH + 2);
      const [first = '', ...rest] = text.split('\n');
      print(`  ${colour(who.padEnd(WHO_WIDTH - 1))} ${first}`.trimEnd());
      for (const more of rest) print((indent + more).trimEnd());
    },
    note(text) {
      for (const one of text.split('\n')) print(pc.dim(`  ${one}`));
    },
    volatile(value) {
      return masked ? '…' : String(value);
    },
  };
}

/**
 * How long tests wait for what must come; only reached when something is wrong. A reader whose code is being checked is told
 * sooner: the check ends a whole file after so many seconds, and then nobody could say what was awaited.
 */
const graded = process.env.LEVERET_DEADLINE_S;
const seconds = Number(graded ?? 30);

/** For one thing that is awaited, in milliseconds. */
export const PATIENCE = Math.min(10_000, seconds * 300);

/** For a whole test, in milliseconds. */
export const TIMEOUT = Math.min(20_000, seconds * 700);

/** How many rounds a test with many of them plays: a check of the reader's code must be quick, and does a tenth. */
export const rounds = (count: number): number => (graded === undefined ? count : Math.ceil(count / 10));

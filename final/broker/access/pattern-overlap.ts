import { isReserved } from '../topics/reserved-names.ts';

/**
 * Whether there can be a topic that fits both patterns. A pattern without a wildcard is the name of one topic. Both are well
 * formed, as `compilePattern` asks for; it says too what their wildcards stand for.
 */
export function patternsOverlap(a: string, b: string): boolean {
  const left = a.split('.');
  const right = b.split('.');
  // Names that are reserved are out of reach for a pattern that begins with a wildcard.
  if ((isWild(left[0]) && isReserved(b)) || (isWild(right[0]) && isReserved(a))) return false;
  for (let i = 0; ; i++) {
    const mine = left[i];
    const theirs = right[i];
    if (mine === undefined || theirs === undefined) return mine === theirs;
    // It stands for all that is left of the other, one token at least.
    if (mine === '>' || theirs === '>') return true;
    if (mine !== theirs && mine !== '*' && theirs !== '*') return false;
  }
}

function isWild(token: string | undefined): boolean {
  return token === '*' || token === '>';
}

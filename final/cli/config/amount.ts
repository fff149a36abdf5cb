/** Amounts as people write them: `64MiB`, `10s`. */

const BYTES = new Map([
  ['b', 1],
  ['kib', 1024],
  ['mib', 1024 ** 2],
  ['gib', 1024 ** 3],
]);

const MILLISECONDS = new Map([
  ['ms', 1],
  ['s', 1000],
  ['min', 60_000],
  ['h', 3_600_000],
]);

/**
 * Reads `1500`, `64MiB` (bytes) or `10s` (milliseconds); undefined if the text is none of them. A time has a unit, for
 * people think of seconds and programs of milliseconds; only 0 needs none.
 */
export function parseAmount(text: string, unit: 'none' | 'bytes' | 'ms'): number | undefined {
  const match = /^(\d{1,16}(?:_\d{3})*(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  if (match === null) return undefined;
  const [, digits = '', suffix = ''] = match;
  const value = Number(digits.replaceAll('_', ''));
  if (suffix === '') return unit === 'ms' && value !== 0 ? undefined : value;
  const factor = (unit === 'bytes' ? BYTES : unit === 'ms' ? MILLISECONDS : undefined)?.get(
    suffix.toLowerCase(),
  );
  return factor === undefined ? undefined : Math.round(value * factor);
}

/** The unit that the name of an option tells: `maxLagBytes`, `idleMs`. */
export function unitOf(name: string): 'none' | 'bytes' | 'ms' {
  if (/(Bytes|Size|FrameLimit)$/.test(name)) return 'bytes';
  return /Ms$/.test(name) ? 'ms' : 'none';
}

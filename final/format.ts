/** Numbers for people, written the same on the command line and on the inspector's page. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** A whole number: `1,234,567`. */
export function count(value: number | bigint): string {
  return whole.format(value);
}

/** A count of things in words: `1 message`, `2 messages`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A count or a rate, at most four digits wide: `12.3 k`. */
export function short(value: number): string {
  return scaled(value, 1000, ['', ' k', ' M', ' G', ' T']);
}

/** Bytes in the unit that fits: `1.5 MiB`. */
export function bytes(value: number): string {
  return scaled(value, 1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB']);
}

function scaled(value: number, step: number, units: readonly string[]): string {
  let rest = value;
  let unit = 0;
  while (rest >= step && unit < units.length - 1) {
    rest /= step;
    unit++;
  }
  const digits = unit > 0 && rest < 100 ? 1 : rest > 0 && rest < 10 && !Number.isInteger(rest) ? 1 : 0;
  return `${rest.toFixed(digits)}${units[unit]}`;
}

/** Milliseconds in the units that fit: `250 µs`, `1.5 s`, `2 min 30 s`, `3 h 12 min`, `2 d 3 h`. */
export function duration(milliseconds: number): string {
  if (milliseconds === 0) return '0 ms';
  if (milliseconds < 1) return `${Math.round(milliseconds * 1000)} µs`;
  if (milliseconds < 1000) return `${tenths(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${tenths(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return two(minutes, 'min', Math.floor(seconds % 60), 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return two(hours, 'h', minutes % 60, 'min');
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** One digit behind the point where it says something. */
function tenths(value: number): string {
  return value < 10 ? value.toFixed(1).replace(/\.0$/, '') : value.toFixed(0);
}

function two(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;
}

/** The time of day of a moment: `14:03:07.042`. */
export function clockTime(at: number): string {
  const date = new Date(at);
  const digits = (value: number): string => String(value).padStart(2, '0');
  const millis = String(date.getMilliseconds()).padStart(3, '0');
  return `${digits(date.getHours())}:${digits(date.getMinutes())}:${digits(date.getSeconds())}.${millis}`;
}

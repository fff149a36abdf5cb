/** What an option is called where it was given: `--tls-ca`, `LEVERET_TLS_CA`, `tls.ca in leveret.json`. */
import { flagOf, SETTINGS, variableOf } from './settings.ts';

/** Paths of options that were given, and for each its source as people know it. */
export type Origins = ReadonlyMap<string, string>;

/**
 * The name of an option. One that was not given is called as it would be where its neighbours stand, or where the option
 * `like` stands; else by its flag.
 *
 * @param path - with a dot between the parts
 */
export function nameOf(path: string, origins: Origins, like = path): string {
  const given = sourceOf(path, origins);
  if (given !== undefined) return given;
  const [head = ''] = path.split('.');
  const neighbour = [...origins].find(([other]) => path.includes('.') && other.startsWith(`${head}.`))?.[1];
  const style = neighbour ?? sourceOf(like, origins) ?? '--';
  if (style.startsWith('LEVERET_')) return variableOf(path);
  const file = / in (.*)$/.exec(style)?.[1];
  if (file !== undefined) return `${path} in ${file}`;
  const setting = SETTINGS.find((each) => each.path === path);
  return setting === undefined ? path : flagOf(setting);
}

/** Where the value at a path was given: its own source, or that of what holds it. */
function sourceOf(path: string, origins: Origins): string | undefined {
  const parts = path.split('.');
  for (let length = parts.length; length > 0; length--) {
    const from = origins.get(parts.slice(0, length).join('.'));
    if (from === undefined) continue;
    const file = / in (.*)$/.exec(from)?.[1];
    return length === parts.length || file === undefined ? from : `${path} in ${file}`;
  }
  return undefined;
}

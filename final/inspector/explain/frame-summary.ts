import { errorName } from '#protocol';
import { plural, bytes as sizeText } from '../../format.ts';

/**
 * A frame in a few words, beside its name and topic: `#3 · 2 messages · 41 B`.
 *
 * @param numbers - its fields that are numbers, by name; `count` for how many records it has
 * @param size - bytes of the whole frame
 */
export function summaryOf(name: string, numbers: ReadonlyMap<string, number>, size: number): string {
  const get = (field: string): number => numbers.get(field) ?? 0;
  const parts: string[] = [];
  if (get('request') > 0) parts.push(`#${get('request')}`);
  if (name === 'ERROR') parts.push(errorName(get('code')) ?? String(get('code')));
  if (name === 'PUBLISH') parts.push(plural(get('count'), 'message'));
  if ((name === 'MESSAGES' || name === 'PUBLISHED') && get('count') > 0) {
    const last = get('firstId') + get('count') - 1;
    parts.push(get('count') === 1 ? `id ${get('firstId')}` : `ids ${get('firstId')} – ${last}`);
  }
  if (name === 'COMMIT') parts.push(`up to ${get('id')}`);
  if (name === 'PURGE') parts.push(get('upTo') === 0 ? 'all messages' : `up to ${get('upTo')}`);
  if (name === 'TOPIC')
    parts.push(plural(get('readers'), 'reader'), `ids ${get('firstId')} – ${get('lastId')}`);
  if (name === 'SKIPPED') parts.push(`ids ${get('fromId')} – ${get('toId')}`);
  if (name === 'LAG' && numbers.has('messages')) parts.push(plural(get('messages'), 'message'));
  parts.push(sizeText(size));
  return parts.join(' · ');
}

import { errorName, isFatal, Start } from '#protocol';
import { duration, plural, bytes as sizeText } from '../../format.ts';

const STARTS = new Map<number, string>([
  [Start.EARLIEST, 'earliest: all that is retained'],
  [Start.LATEST, 'latest: only what comes next'],
  [Start.AFTER, 'after the id in the next field'],
]);

/** What the number in a field means, where that is not plain; otherwise `''`. */
export function noteOf(name: string, value: number): string {
  switch (name) {
    case 'request':
      return value === 0 ? 'asks for no answer' : 'which the answer repeats';
    case 'start':
      return STARTS.get(value) ?? 'not known';
    case 'window':
      return value === 0 ? 'no limit, no need to commit' : 'may stand delivered and uncommitted';
    case 'retentionMs':
      return value === 0 ? 'kept only until the subscribers have it' : `kept for ${duration(value)}`;
    case 'dedupeMs':
      return value === 0 ? 'no dedupe' : `a key counts once in ${duration(value)}`;
    case 'code':
      return `${errorName(value) ?? 'not known'}: ${isFatal(value) ? 'the connection ends' : 'the connection stays'}`;
    case 'upTo':
      return value === 0 ? 'all messages' : 'the last id to be taken away';
    case 'maxFrameSize':
    case 'logBytes':
      return sizeText(value);
    case 'epoch':
      return "number of this start of the broker's logs";
    case 'token length':
      return value === 0 ? 'no token' : `${plural(value, 'byte')}; the token itself is masked`;
    default:
      return name.endsWith(' length') ? plural(value, 'byte') : '';
  }
}

import { hasPattern } from '#protocol/old';
import type { FeedOptions } from './feed.ts';
import { checkNumber, type SubscribeOptions } from './options.ts';
import type { Platform } from './platform.ts';
import { checkName } from './publisher.ts';

/**
 * Checks how somebody wants to subscribe, and fills in the defaults.
 *
 * @throws ProtocolError BAD_TOPIC; RangeError that quotes the bad value
 */
export function readSubscribeOptions(
  platform: Platform,
  topic: string,
  options: SubscribeOptions,
): FeedOptions {
  const { from = 'latest', window = 0, group = '', prefetch = 16_384 } = options;
  const { onMessage, onSkipped, failOnSkipped = false } = options;
  const isPattern = hasPattern(topic);
  if (!isPattern) checkName(platform, topic);
  checkNumber('window', window, 0, 0xffff);
  checkNumber('prefetch', prefetch, 1, 0xffff);
  if (typeof from === 'object') {
    checkNumber('from.after', from.after, 0, Number.MAX_SAFE_INTEGER);
    if (isPattern || group !== '') {
      throw new RangeError(`${isPattern ? 'a pattern' : 'a group'} cannot begin after an id: ${topic}`);
    }
  } else if (from !== 'latest' && from !== 'earliest') {
    throw new RangeError(`from is 'latest', 'earliest' or { after: id }, not ${JSON.stringify(from)}`);
  }
  return {
    from,
    window,
    group,
    prefetch,
    failOnSkipped,
    ...(onMessage === undefined ? {} : { onMessage }),
    ...(onSkipped === undefined ? {} : { onSkipped }),
  };
}

import { checkWhole, MAX_ID, OptionError } from '#framing';
import { isPattern } from '#protocol';
import { checkGroup, checkName, checkPattern } from './check-names.ts';
import type { Skipped } from './events.ts';
import type { Message } from './message.ts';
import type { WaitOptions } from './wait.ts';

/** How to subscribe. */
export interface SubscribeOptions extends WaitOptions {
  /** Where to begin: all that is retained, only what comes, or after an id. @defaultValue `'latest'` */
  readonly from?: 'earliest' | 'latest' | { readonly after: number };
  /**
   * Most messages delivered and not committed, 1 to 65,535. After a reconnect the subscription goes on after the
   * last one committed. 0: there is nothing to commit. @defaultValue 0
   */
  readonly window?: number;
  /** Share the messages of this topic with all who name the same group. @defaultValue none */
  readonly group?: string;
  /** Called for each message, at once. Without it the subscription is iterated. */
  readonly onMessage?: (message: Message) => void;
  /** Called for messages that will never come. */
  readonly onSkipped?: (skipped: Skipped) => void;
  /** End the iteration with an error `SKIPPED` instead of going on after a gap. @defaultValue false */
  readonly failOnSkipped?: boolean;
  /**
   * For an iterated subscription without a window: most messages that wait in this client, 1 to 65,535.
   * @defaultValue 16,384
   */
  readonly prefetch?: number;
}

/** Options of a subscription with nothing left open but its callbacks. */
export type SubscribeSettings = Required<Pick<SubscribeOptions, 'from' | 'window' | 'group' | 'prefetch'>> &
  Pick<SubscribeOptions, 'onMessage' | 'onSkipped' | 'failOnSkipped'>;

/**
 * Checks how somebody wants to subscribe, and fills in the defaults.
 *
 * @throws ProtocolError BAD_TOPIC; OptionError that quotes the bad value
 */
export function readSubscribeOptions(topic: string, options: SubscribeOptions): SubscribeSettings {
  const { from = 'latest', window = 0, group = '', prefetch = 16_384 } = options;
  const { onMessage, onSkipped, failOnSkipped = false } = options;
  const matchesMany = typeof topic === 'string' && isPattern(topic);
  if (matchesMany) checkPattern(topic);
  else checkName(topic);
  checkGroup(group);
  checkWhole('window', window, 0, 0xffff);
  checkWhole('prefetch', prefetch, 1, 0xffff);
  if (typeof from === 'object') {
    checkWhole('from.after', from.after, 0, MAX_ID);
    if (matchesMany || group !== '') {
      throw new OptionError(`${matchesMany ? 'a pattern' : 'a group'} cannot begin after an id: ${topic}`);
    }
  } else if (from !== 'latest' && from !== 'earliest') {
    throw new OptionError(`from is 'latest', 'earliest' or { after: id }, not ${JSON.stringify(from)}`);
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

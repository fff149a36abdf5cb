import { Start } from '#protocol';
import type { SubscriptionStream } from './subscription-stream.ts';

/** A SUBSCRIBE, without its number, its window and its group. */
export interface Beginning {
  readonly topic: string;
  /** One of `Start`, and the id for `Start.AFTER`. */
  readonly start: number;
  readonly after: number;
}

/**
 * Where a subscription begins on a new connection: after the last message that need not come again, or where the program
 * said. For a pattern first each topic on its own, after what has come of it: the pattern then adds those that are new.
 */
export function* beginningsOf(stream: SubscriptionStream): Generator<Beginning> {
  if (stream.matches === undefined) {
    yield { topic: stream.topic, ...beginningIn(stream) };
    return;
  }
  if (stream.positions.isIncomplete) tellUnknown(stream);
  stream.resumed.clear();
  for (const { topic, received, committed } of stream.positions.values()) {
    if (received === 0) continue;
    stream.resumed.add(topic);
    yield { topic, start: Start.AFTER, after: stream.options.window > 0 ? committed : received };
  }
  const isEarliest = stream.fromEarliest || stream.options.from === 'earliest';
  yield { topic: stream.topic, start: isEarliest ? Start.EARLIEST : Start.LATEST, after: 0 };
}

function beginningIn(stream: SubscriptionStream): Omit<Beginning, 'topic'> {
  const { from, group, window } = stream.options;
  const position = stream.positions.get(stream.topic);
  if (position !== undefined && position.received > 0 && group === '' && !stream.isEphemeral) {
    // With a window all comes again that was not committed.
    return { start: Start.AFTER, after: window > 0 ? position.committed : position.received };
  }
  if (stream.fromEarliest || from === 'earliest') return { start: Start.EARLIEST, after: 0 };
  if (typeof from === 'object') return { start: Start.AFTER, after: from.after };
  if (stream.isEstablished && !stream.isEphemeral) tellUnknown(stream);
  return { start: Start.LATEST, after: 0 };
}

/** There is no id to go on after. */
function tellUnknown(stream: SubscriptionStream): void {
  stream.positions.isIncomplete = false;
  stream.tellSkipped({ topic: stream.topic, reason: 'unknown', fromId: 0, toId: 0 });
}

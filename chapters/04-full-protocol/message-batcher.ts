import { isSkipped, type Message, type Subscriber } from '#topics';
import { type BrokerFrame, messagesOverhead } from './broker-frames.ts';
import { BrokerType, MAX_RECORDS } from './constants.ts';
import { recordSize } from './record.ts';

/** What bounds a batch. */
export interface BatchLimits {
  /** Largest frame, in bytes, as its size field counts. */
  readonly maxFrameSize: number;
  /** Bytes of messages to take in one go; the last message taken may go beyond. */
  readonly batchBytes: number;
}

/** A MESSAGES frame that can still grow. */
interface Run {
  readonly type: typeof BrokerType.MESSAGES;
  readonly topic: string;
  readonly firstId: number;
  readonly records: Message[];
  size: number;
}

// #region batch
/**
 * Take what is ready for this subscriber and lay it out as frames. Messages of one topic with ids that follow one
 * another share a MESSAGES frame, also where messages of other topics came between them: order is only
 * promised within a topic. The subscriber's windows are respected, because it hands out no more than they allow.
 */
export function takeBatch(subscriber: Subscriber, limits: BatchLimits): BrokerFrame[] {
  // task 4.6: turn what is ready into frames
  const frames: BrokerFrame[] = [];
  // The frame of each topic that the next message may join.
  const open = new Map<string, Run>();
  let taken = 0;
  while (taken < limits.batchBytes) {
    const delivery = subscriber.take();
    if (delivery === undefined) break;
    if (isSkipped(delivery)) {
      frames.push({ type: BrokerType.SKIPPED, ...delivery });
      open.delete(delivery.topic);
      taken += 1;
      continue;
    }
    const size = recordSize(delivery);
    const run = open.get(delivery.topic);
    if (run !== undefined && joins(run, delivery, size, limits.maxFrameSize)) {
      run.records.push(delivery);
      run.size += size;
    } else {
      const begun = newRun(delivery, size);
      open.set(delivery.topic, begun);
      frames.push(begun);
    }
    taken += size;
  }
  return frames;
}
// #endregion batch

function joins(run: Run, message: Message, size: number, maxFrameSize: number): boolean {
  return (
    message.id === run.firstId + run.records.length &&
    run.records.length < MAX_RECORDS &&
    run.size + size <= maxFrameSize
  );
}

function newRun(message: Message, size: number): Run {
  return {
    type: BrokerType.MESSAGES,
    topic: message.topic,
    firstId: message.id,
    records: [message],
    size: messagesOverhead(message.topic) + size,
  };
}

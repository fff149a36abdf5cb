import type { Segment } from '#log';
import type { Topic } from '../broker/topics/topic.ts';
import type { TopicReader } from '../broker/topics/topic-reader.ts';
import type { ReaderState, SegmentState, TopicState } from './state.ts';

/** Segments that are told of one by one. */
const MAX_SEGMENTS = 64;
/** Readers that are looked at, and those that are told of. */
const MAX_READERS_SEEN = 500;
const MAX_READERS = 24;

/** What a topic's log looks like now. The work is bounded, however much it holds and however many read it. */
export function topicState(topic: Topic, rate: number): TopicState {
  const { name, log, settings, readers } = topic;
  const segments = segmentsOf(topic);
  const seen = readers
    .slice(0, MAX_READERS_SEEN)
    .map((reader) => readerState(reader, (id) => offsetOf(id, segments, log.end)));
  seen.sort((a, b) => b.unsent - a.unsent);
  return {
    name,
    retentionMs: settings.retentionMs,
    dedupeMs: settings.dedupeMs,
    firstId: log.firstId,
    lastId: log.lastId,
    rate,
    bytes: topic.heldBytes,
    end: log.end,
    retainedFrom: offsetOf(log.firstId, segments, log.end),
    segments,
    readers: seen.slice(0, MAX_READERS),
    readerCount: readers.length,
  };
}

function segmentsOf({ log }: Topic): SegmentState[] {
  const segments: SegmentState[] = [];
  for (let segment: Segment | undefined = log.head; segment !== undefined; segment = segment.next) {
    const { lastId, base, sealed, bytes } = segment;
    if (sealed === 0) continue;
    const firstId = log.frames.firstId(bytes, 0);
    segments.push({ firstId, lastId, begin: base, bytes: sealed, capacity: bytes.length });
  }
  const over = segments.length - MAX_SEGMENTS;
  const [first] = segments;
  if (over <= 0 || first === undefined) return segments;
  const oldest = segments.splice(0, over + 1);
  const last = oldest.at(-1) ?? first;
  const bytes = last.begin + last.bytes - first.begin;
  return [{ ...first, lastId: last.lastId, bytes, capacity: bytes }, ...segments];
}

/** Where a message lies. Between a segment's ends by proportion: to find it exactly would mean to read the log. */
function offsetOf(id: number, segments: readonly SegmentState[], end: number): number {
  for (const { firstId, lastId, begin, bytes } of segments) {
    if (id <= firstId) return begin;
    if (id <= lastId) return Math.round(begin + (bytes * (id - firstId)) / (lastId - firstId + 1));
  }
  return end;
}

function readerState(reader: TopicReader, offset: (id: number) => number): ReaderState {
  const { nextId } = reader.cursor;
  return { ...reader.report(), nextId, at: offset(nextId), unsent: reader.unread };
}

import { bytes, count, duration } from '../format.ts';
import type { TopicSummary } from '../index.ts';
import { type Column, formatTable } from './table.ts';
import { cut, printable } from './text.ts';

/** Topics can be in the order of any of these. */
export const SORT_KEYS = ['name', 'rate', 'messages', 'readers', 'lag', 'bytes'] as const;

/** One of {@link SORT_KEYS}. */
export type SortKey = (typeof SORT_KEYS)[number];

/** A topic and the messages that were published to it each second; undefined where that is not known. */
export interface TopicRow extends TopicSummary {
  readonly rate?: number | undefined;
}

/** The name column is cut to this many letters. */
const MAX_NAME = 48;

/** Topics as a table for people; `marked` shows by what they are sorted. */
export function formatTopics(
  topics: readonly TopicRow[],
  sort: SortKey,
  width = 120,
  marked = false,
): string[] {
  const withRates = topics.some(({ rate }) => rate !== undefined);
  const title = (name: string, key?: SortKey): string => (marked && key === sort ? `${name}▾` : name);
  const columns: Column[] = [
    { title: title('TOPIC', 'name') },
    ...(withRates ? [{ title: title('MSG/S', 'rate'), align: 'right' } as const] : []),
    { title: title('MESSAGES', 'messages'), align: 'right' },
    { title: title('READERS', 'readers'), align: 'right' },
    { title: title('LAG', 'lag'), align: 'right' },
    { title: title('KEPT', 'bytes'), align: 'right' },
    { title: 'RETENTION', align: 'right' },
    { title: 'DEDUPE', align: 'right' },
    { title: 'GROUPS' },
  ];
  const rows = sortTopics(topics, sort).map((topic) => [
    cut(printable(topic.name), Math.max(12, Math.min(MAX_NAME, width - 72))),
    ...(withRates ? [topic.rate === undefined ? '' : count(topic.rate)] : []),
    count(topic.lastId),
    count(topic.readers),
    count(topic.lag),
    bytes(topic.bytes),
    topic.retentionMs === 0 ? '-' : duration(topic.retentionMs),
    topic.dedupeMs === 0 ? '-' : duration(topic.dedupeMs),
    cut(topic.groups.map(printable).join(' '), 24),
  ]);
  return formatTable(columns, rows);
}

/** The largest first; names from A to Z. */
export function sortTopics(topics: readonly TopicRow[], sort: SortKey): TopicRow[] {
  const byName = (a: TopicRow, b: TopicRow): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const amount = (topic: TopicRow): number => {
    switch (sort) {
      case 'rate':
        return topic.rate ?? 0;
      case 'messages':
        return topic.lastId;
      case 'name':
        return 0;
      default:
        return topic[sort];
    }
  };
  return [...topics].sort((a, b) => amount(b) - amount(a) || byName(a, b));
}

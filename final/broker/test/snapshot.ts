/**
 * The state of a broker as lines of text that can be compared: who is connected, what they may do and have asked for,
 * topics, groups, patterns, limits used up. Everything that can be reached from the core is in it, private fields too, but
 * what says only how bytes move and time passes (see {@link LEFT_OUT}). So state that a class gets tomorrow is in it as well.
 */
import type { BrokerCore } from '../core.ts';
import { type PrivateField, PrivateFields } from './private-fields.ts';

/** Classes whose objects are no state of a conversation: streams, timers, clocks, memory, buffers of bytes on their way. */
const LEFT_OUT = new Set([
  'Duplex',
  'EventLoopDelay',
  'FrameReader',
  'FrameTrace',
  'FrameWatch',
  'Immediate',
  'Outbox',
  'Publishing',
  'Requests',
  'SegmentMessages',
  'SizeClasses',
  'Server',
  'SessionDeadlines',
  'SpareMemory',
  'TickScheduler',
  'TopicAudit',
  'TopicSweep',
  'Timeout',
  'UnfinishedFrames',
  'TurnTime',
]);

/** Fields that count bytes or time, or remember for speed what is known elsewhere. `Class.field`, or a field of any class. */
const LEFT_OUT_FIELDS = new Set([
  'Connection.bytesIn',
  'Connection.bytesOut',
  'Connection.stream',
  'Connection.#activity',
  'ConnectionTable.#counts',
  'ConnectionTable.#host',
  'ConnectionTable.#handlers',
  'BrokerCore.epoch',
  'BrokerCore.#startedAt',
  'BrokerCore.#lags',
  'Segment.view',
  'Segment.#slice',
  'Segment.#sliceFrom',
  'Session.topic',
  'Session.#settings',
  'SessionInput.#settings',
  'SystemTopics.#before',
  'SystemTopics.#publishedAt',
  'Topic.#active',
  'Topic.usedAt',
  'TopicTable.#looking',
  'host',
  '#host',
  'limits',
  '#limits',
  '#logger',
  '#faults',
]);

/** What the broker itself publishes tells of time and memory. */
const NEWS =
  /\["\$sys\.[a-z]+"\].*\.(log|#memory|cursor|window|#floor|outstanding|used|#newest|#again|#next|watched|blocking)\b/;

/** Looks at brokers. Close it when done. */
export class Snapshots {
  readonly #fields = new PrivateFields();

  /** The broker's state: one line for each value, `path = value`. */
  of(core: BrokerCore): string[] {
    const lines: string[] = [];
    const known = new Map<object, string>();
    // Breadth first, so that each object has the shortest of its paths as its name.
    let level: Place[] = [{ path: '', value: core }];
    while (level.length > 0) {
      const objects: ObjectPlace[] = [];
      for (const { path, value } of level) {
        if (typeof value === 'function') continue;
        if (typeof value !== 'object' || value === null) lines.push(`${path} = ${JSON.stringify(value)}`);
        else if (LEFT_OUT.has(value.constructor?.name) || isOfNode(value)) continue;
        else if (known.has(value)) lines.push(`${path} = -> ${known.get(value)}`);
        else {
          known.set(value, path);
          objects.push({ path, value });
        }
      }
      const fields = this.#fields.of(objects.map(({ value }) => value).filter(hasFields));
      level = objects.flatMap((place) => inside(place, fields.get(place.value) ?? []));
    }
    return lines.filter((line) => !NEWS.test(line)).sort();
  }

  /** Lets go of the debugger. */
  close(): void {
    this.#fields.close();
  }
}

interface Place {
  readonly path: string;
  readonly value: unknown;
}

interface ObjectPlace extends Place {
  readonly value: object;
}

function hasFields(value: object): boolean {
  const isList = Array.isArray(value) || value instanceof Map || value instanceof Set;
  return !isList && !(value instanceof Uint8Array) && value.constructor !== Object;
}

/** What an object holds. */
function inside({ path, value }: ObjectPlace, fields: readonly PrivateField[]): Place[] {
  if (value instanceof Uint8Array) return [{ path: `${path}.bytes`, value: value.length }];
  if (value instanceof Map) {
    return [...value].flatMap(([key, inner], at) => {
      if (typeof key !== 'object') return [{ path: `${path}[${JSON.stringify(key)}]`, value: inner }];
      return [
        { path: `${path}[${at}].key`, value: key },
        { path: `${path}[${at}].value`, value: inner },
      ];
    });
  }
  if (value instanceof Set || Array.isArray(value)) {
    return [...value].map((inner, at) => ({ path: `${path}[${at}]`, value: inner }));
  }
  const name = value.constructor?.name;
  return [...Object.entries(value), ...fields]
    .filter(([field]) => !LEFT_OUT_FIELDS.has(field) && !LEFT_OUT_FIELDS.has(`${name}.${field}`))
    .map(([field, inner]) => ({ path: `${path}.${field}`, value: inner }));
}

/** The lines in which two states differ: `- ` before, `+ ` after. Empty when they are the same. */
export function differences(before: readonly string[], after: readonly string[]): string[] {
  const [had, has] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !has.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !had.has(line)).map((line) => `+ ${line}`),
  ];
}

/** Whether it belongs to Node's streams: they point at everything. */
function isOfNode(value: object): boolean {
  return 'pipe' in value || 'setTimeout' in value;
}

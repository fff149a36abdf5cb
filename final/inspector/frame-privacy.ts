import { ByteCursor, HEADER_SIZE, TYPE_SIZE } from '#framing';
import { BROKER_FRAMES, BrokerType, CLIENT_FRAMES, ClientType, FIELDS, type FieldName } from '#protocol';
import type { Grants } from '../broker/access/grants.ts';
import type { WatchedFrame } from '../broker/session/frame-watch.ts';
import { INBOX_PREFIX, isInbox } from '../broker/topics/reserved-names.ts';
import type { FrameState } from './state.ts';

/** The fields of every frame by its type, in the order of the wire. Types of both directions differ. */
const FIELDS_OF: ReadonlyMap<number, readonly (readonly [name: string, kind: FieldName])[]> = new Map(
  [CLIENT_FRAMES, BROKER_FRAMES].flatMap((table) =>
    Object.values(table).map(({ type, fields }) => [type, Object.entries(fields)]),
  ),
);

/** The frames that carry what is published, behind their topic. */
const WITH_RECORDS: ReadonlySet<number> = new Set([ClientType.PUBLISH, BrokerType.MESSAGES]);

/** What of a frame is kept from a viewer, and where that begins. */
interface Cut {
  readonly at: number;
  readonly why: NonNullable<FrameState['hidden']>;
}

/**
 * A frame as one viewer may see it. Whoever may look at the broker's state learns which topics there are; what is published is
 * shown only where the viewer could have subscribed. Inboxes have owners: what goes there and comes from there is shown to
 * nobody, their names included.
 */
export function frameFor(grants: Grants, frame: WatchedFrame): FrameState {
  const { at, connection, name, direction, size, bytes } = frame;
  const cut = cutOf(grants, frame);
  const shown = bytes.toString('base64', 0, cut?.at ?? bytes.length);
  const state = { at, connection, name, direction, size, bytes: shown };
  return cut === undefined ? state : { ...state, hidden: cut.why };
}

function cutOf(grants: Grants, { type, bytes }: WatchedFrame): Cut | undefined {
  const from = new ByteCursor(bytes, HEADER_SIZE + TYPE_SIZE);
  for (const [name, kind] of FIELDS_OF.get(type) ?? []) {
    const { at } = from;
    // The reason of an ERROR may name the inbox that it is about, and may be cut off itself.
    if (type === BrokerType.ERROR && name === 'reason') {
      return bytes.includes(INBOX_PREFIX, at) ? { at, why: 'inbox' } : undefined;
    }
    if (name !== 'topic') {
      // No frame has anything of variable length before its topic; what is behind is nobody's secret without one.
      if (!skip(from, kind)) return undefined;
      continue;
    }
    // A topic that cannot be read: neither can be told what may be seen of the rest.
    if (!skip(from, kind)) return { at, why: 'topic' };
    const topic = bytes.toString('utf8', at + 1, from.at);
    if (isInbox(topic)) return { at, why: 'inbox' };
    return WITH_RECORDS.has(type) && !grants.maySubscribe(topic) ? { at: from.at, why: 'topic' } : undefined;
  }
  return undefined;
}

/** Steps over a field. False when it is not well formed, or not all there. */
function skip(from: ByteCursor, kind: FieldName): boolean {
  try {
    FIELDS[kind].read(from);
    return true;
  } catch {
    return false;
  }
}

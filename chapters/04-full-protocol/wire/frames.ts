import type { Field } from '#framing';
import type { FIELDS } from './fields.ts';

/** The frames of one direction by their names. */
export type FrameTable = Readonly<Record<string, FrameRow>>;

/** One type of frame: its number, and its fields in the order of the wire. */
export interface FrameRow {
  readonly type: number;
  readonly fields: Readonly<Record<string, FieldName>>;
}

/** The kinds of fields. */
export type FieldName = keyof typeof FIELDS;

/** The value that a kind of field holds. */
export type FieldValue<F extends FieldName> = (typeof FIELDS)[F] extends Field<infer T> ? T : never;

/** The frames of a table as TypeScript sees them, such as `{ type: 'OK', request: number }`. */
export type FrameOf<T extends FrameTable> = {
  [N in keyof T]: { readonly type: N } & {
    readonly [F in keyof T[N]['fields']]: FieldValue<T[N]['fields'][F]>;
  };
}[keyof T];

// #region tables
/** Most frames that a client sends ask for something about a topic. */
const REQUEST = { request: 'u32', topic: 'text8' } as const;

/** How long a topic keeps messages, and how long it remembers keys. */
const SETTINGS = { retentionMs: 'u32', dedupeMs: 'u32' } as const;

/** Every frame that a client may send. Their types are below 0x80, so a frame that went the wrong way is refused. */
export const CLIENT_FRAMES = {
  HELLO: { type: 0x01, fields: { version: 'version', name: 'text8', token: 'text16' } },
  CREATE: { type: 0x02, fields: { ...REQUEST, ...SETTINGS } },
  PUBLISH: { type: 0x03, fields: { ...REQUEST, records: 'records' } },
  SUBSCRIBE: { type: 0x04, fields: { ...REQUEST, start: 'u8', after: 'u64', window: 'u16', group: 'text8' } },
  UNSUBSCRIBE: { type: 0x05, fields: REQUEST },
  COMMIT: { type: 0x06, fields: { topic: 'text8', id: 'u64' } },
  PING: { type: 0x07, fields: { bytes: 'ping' } },
  LAG: { type: 0x08, fields: { request: 'u32' } },
  CLOSE: { type: 0x09, fields: {} },
  PONG: { type: 0x0a, fields: { bytes: 'ping' } },
  DELETE: { type: 0x0b, fields: REQUEST },
  PURGE: { type: 0x0c, fields: { ...REQUEST, upTo: 'u64' } },
  INFO: { type: 0x0d, fields: REQUEST },
} as const satisfies FrameTable;

/** Every frame that a broker may send. */
export const BROKER_FRAMES = {
  WELCOME: {
    type: 0x81,
    fields: { version: 'version', connectionId: 'u64', maxFrameSize: 'u32', epoch: 'u64' },
  },
  OK: { type: 0x82, fields: { request: 'u32' } },
  PUBLISHED: { type: 0x83, fields: { request: 'u32', firstId: 'u64', count: 'u16' } },
  MESSAGES: { type: 0x84, fields: { topic: 'text8', firstId: 'u64', records: 'records' } },
  ERROR: { type: 0x85, fields: { request: 'u32', code: 'u16', reason: 'text16' } },
  PONG: { type: 0x86, fields: { bytes: 'ping' } },
  SKIPPED: { type: 0x87, fields: { topic: 'text8', fromId: 'u64', toId: 'u64' } },
  LAG: { type: 0x88, fields: { request: 'u32', messages: 'u64' } },
  CLOSING: { type: 0x89, fields: { reason: 'text16' } },
  PING: { type: 0x8a, fields: { bytes: 'ping' } },
  TOPIC: {
    type: 0x8b,
    fields: { request: 'u32', ...SETTINGS, firstId: 'u64', lastId: 'u64', logBytes: 'u64', readers: 'u32' },
  },
} as const satisfies FrameTable;
// #endregion tables

/** A frame that a client may send, told apart by `type`, which is its name. */
export type ClientFrame = FrameOf<typeof CLIENT_FRAMES>;

/** A frame that a broker may send, told apart by `type`, which is its name. */
export type BrokerFrame = FrameOf<typeof BROKER_FRAMES>;

/** The frame of that name: `FrameNamed<ClientFrame, 'SUBSCRIBE'>`. */
export type FrameNamed<F extends { readonly type: string }, N extends F['type']> = Extract<F, { type: N }>;

/** Numbers of the types that a client may send, by name. */
export const ClientType = typesOf(CLIENT_FRAMES);

/** Numbers of the types that a broker may send, by name. */
export const BrokerType = typesOf(BROKER_FRAMES);

/** Where a subscription begins: the field `start` of SUBSCRIBE. */
export const Start = {
  /** All that the topic retains, then what comes. */
  EARLIEST: 0,
  /** Only what comes next. */
  LATEST: 1,
  /** What comes after the id in the field `after`. */
  AFTER: 2,
} as const;

function typesOf<T extends FrameTable>(table: T): { readonly [N in keyof T]: T[N]['type'] } {
  const types = Object.entries(table).map(([name, { type }]) => [name, type]);
  return Object.fromEntries(types) as { [N in keyof T]: T[N]['type'] };
}

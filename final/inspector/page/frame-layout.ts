/** The frames of docs/protocol.md, as the x-ray needs them: the fields of each body in order. */

/** How a field is laid out. */
export type FieldType = 'u8' | 'u16' | 'u32' | 'u64' | 'text8' | 'text16' | 'bytes' | 'records';

/** One field of a frame's body. */
export interface FieldLayout {
  readonly name: string;
  readonly type: FieldType;
}

/** One type of frame. */
export interface FrameLayout {
  readonly name: string;
  readonly fields: readonly FieldLayout[];
}

const layout = (name: string, fields: string): FrameLayout => ({
  name,
  fields: fields
    .split(', ')
    .filter((field) => field !== '')
    .map((field) => {
      const [type = '', fieldName = type] = field.split(' ');
      return { type: type as FieldType, name: fieldName };
    }),
});

/** All types. */
export const LAYOUTS: ReadonlyMap<number, FrameLayout> = new Map([
  [0x01, layout('HELLO', 'u8 version, text8 name, text16 token')],
  [0x02, layout('CREATE', 'u32 request, text8 topic, u32 retentionMs, u32 dedupeMs')],
  [0x03, layout('PUBLISH', 'u32 request, text8 topic, u16 count, records')],
  [0x04, layout('SUBSCRIBE', 'u32 request, text8 topic, u8 start, u64 after, u16 window, text8 group')],
  [0x05, layout('UNSUBSCRIBE', 'u32 request, text8 topic')],
  [0x06, layout('COMMIT', 'text8 topic, u64 id')],
  [0x07, layout('PING', 'bytes')],
  [0x08, layout('LAG', 'u32 request')],
  [0x09, layout('CLOSE', '')],
  [0x0a, layout('PONG', 'bytes')],
  [0x81, layout('WELCOME', 'u8 version, u64 connectionId, u32 maxFrameSize, u64 epoch')],
  [0x82, layout('OK', 'u32 request')],
  [0x83, layout('PUBLISHED', 'u32 request, u64 firstId, u16 count')],
  [0x84, layout('MESSAGES', 'text8 topic, u64 firstId, u16 count, records')],
  [0x85, layout('ERROR', 'u32 request, u16 code, text16 reason')],
  [0x86, layout('PONG', 'bytes')],
  [0x87, layout('SKIPPED', 'text8 topic, u64 fromId, u64 toId')],
  [0x88, layout('LAG', 'u32 request, u64 messages')],
  [0x89, layout('CLOSING', 'text16 reason')],
  [0x8a, layout('PING', 'bytes')],
]);

/** Names of errors by their codes. */
export const ERROR_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries({
    1: 'BAD_FRAME',
    2: 'TOO_LARGE',
    3: 'UNKNOWN_TYPE',
    4: 'BAD_STATE',
    5: 'BAD_VERSION',
    6: 'TIMEOUT',
    7: 'BAD_TEXT',
    8: 'DENIED',
    9: 'SLOW',
    10: 'FULL',
    11: 'SHUTDOWN',
    16: 'BAD_TOPIC',
    17: 'BAD_REQUEST',
    18: 'BAD_KEY',
    19: 'TOPIC_EXISTS',
    20: 'NOT_SUBSCRIBED',
    21: 'BAD_COMMIT',
    22: 'OUT_OF_RANGE',
    23: 'LIMIT',
    24: 'UNSUPPORTED',
  }).map(([code, name]) => [Number(code), name]),
);

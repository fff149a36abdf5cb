import { type Field, fromLatin1, numberField, textField, toLatin1 } from '#framing';
import { ProtocolError } from './errors.ts';

// step 4.2: the fields of a frame

/** The version of the protocol that is spoken here; HELLO and WELCOME carry it. */
export const PROTOCOL_VERSION = 1;
/** Bytes that a PING, and so a PONG, may carry. */
export const MAX_PING_BYTES = 64;
/** Records that one PUBLISH or MESSAGES may carry: the count field is two bytes. */
export const MAX_RECORDS = 0xffff;
/** Bytes of a record without its key and payload. */
export const RECORD_HEADER_SIZE = 6;

/**
 * One message as PUBLISH and MESSAGES carry it: `u16 keySize | u32 payloadSize | key | payload`; keySize 0 says that
 * there is no key.
 */
export interface WireRecord {
  /** Bytes of the key, each held as the character with its number (latin1); `''` if there is none. */
  readonly key: string;
  /** After decoding this is a view into the bytes that were decoded: copy it to keep it. */
  readonly payload: Uint8Array;
}

// #region fields
/** Bytes that a record takes on the wire. */
export function recordSize({ key, payload }: WireRecord): number {
  return RECORD_HEADER_SIZE + key.length + payload.length;
}

const version: Field<number> = {
  ...numberField(1),
  read(from) {
    // step 4.2: the fields of a frame
    const value = from.number(1);
    if (value === PROTOCOL_VERSION) return value;
    // Nothing behind it is looked at: in another version it may be laid out otherwise.
    throw new ProtocolError('BAD_VERSION', `version ${value}, but only ${PROTOCOL_VERSION} is spoken`);
  },
};

/** All that is left of the frame. */
const ping: Field<Uint8Array> = {
  form: 'bytes',
  size: (value) => value.length,
  write: (to, value) => to.put(value),
  read(from) {
    // step 4.2: the fields of a frame
    if (from.left <= MAX_PING_BYTES) return from.view(from.left);
    throw new ProtocolError('BAD_FRAME', `a ping of ${from.left} bytes; ${MAX_PING_BYTES} is the most`);
  },
};

const records: Field<readonly WireRecord[]> = {
  form: 'u16 count | record...',
  size: (value) => value.reduce((sum, record) => sum + recordSize(record), 2),
  write(to, value) {
    // step 4.2: the fields of a frame
    to.putNumber(value.length, 2);
    for (const { key, payload } of value) {
      to.putNumber(key.length, 2);
      to.putNumber(payload.length, 4);
      if (key !== '') to.put(fromLatin1(key));
      to.put(payload);
    }
  },
  read(from) {
    // step 4.2: the fields of a frame
    const count = from.number(2);
    if (count * RECORD_HEADER_SIZE > from.left)
      throw new ProtocolError('BAD_FRAME', `${count} records cannot fit in ${from.left} bytes`);
    const value: WireRecord[] = [];
    for (let i = 0; i < count; i++) {
      const keySize = from.number(2);
      const payloadSize = from.number(4);
      value.push({ key: toLatin1(from.view(keySize)), payload: from.view(payloadSize) });
    }
    return value;
  },
};
// #endregion fields

/** Every kind of value that a frame may hold. */
export const FIELDS = {
  u8: numberField(1),
  u16: numberField(2),
  u32: numberField(4),
  u64: numberField(8),
  text8: textField(1),
  text16: textField(2),
  version,
  ping,
  records,
};

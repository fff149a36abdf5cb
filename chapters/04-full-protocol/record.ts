import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { ProtocolError } from './protocol-error.ts';

/**
 * One message as PUBLISH and MESSAGES carry it:
 * `u16 keySize | u32 payloadSize | key | payload`; keySize 0 says that there is no key.
 */
export interface WireRecord {
  /** Bytes of the key, each held as the character with its number (latin1); `''` if there is none. */
  readonly key: string;
  /** After decoding this is a view into the bytes that were decoded: copy it to keep it. */
  readonly payload: Buffer;
}

/** Bytes of a record without its key and payload. */
export const RECORD_HEADER_SIZE = 6;

/** Bytes that a record takes on the wire. */
export function recordSize(record: WireRecord): number {
  return RECORD_HEADER_SIZE + record.key.length + record.payload.length;
}

/** Bytes that the records take on the wire together. */
export function recordsSize(records: readonly WireRecord[]): number {
  let size = 0;
  for (const record of records) size += recordSize(record);
  return size;
}

// #region read
/**
 * Read `count` records. The payloads are views into the reader's bytes.
 *
 * @throws ProtocolError BAD_FRAME if the count, or a record's length, leads past the end of the frame.
 */
export function readRecords(reader: ByteReader, count: number): WireRecord[] {
  if (count * RECORD_HEADER_SIZE > reader.remaining) {
    throw new ProtocolError('BAD_FRAME', `${count} records cannot fit in ${reader.remaining} bytes`);
  }
  const records: WireRecord[] = [];
  for (let i = 0; i < count; i++) {
    const keySize = reader.u16();
    const payloadSize = reader.u32();
    records.push({ key: reader.latin1(keySize), payload: reader.view(payloadSize) });
  }
  return records;
}
// #endregion read

/** Write the records one behind the other; their count is written by the caller. */
export function writeRecords(writer: ByteWriter, records: readonly WireRecord[]): void {
  for (const record of records) {
    writer.u16(record.key.length).u32(record.payload.length).latin1(record.key).bytes(record.payload);
  }
}

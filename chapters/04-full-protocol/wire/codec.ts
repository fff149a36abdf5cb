import { ByteCursor, type Field, HEADER_SIZE, TYPE_SIZE } from '#framing';
import { ProtocolError } from './errors.ts';
import { FIELDS } from './fields.ts';
import { BROKER_FRAMES, type BrokerFrame, CLIENT_FRAMES, type FrameOf, type FrameTable } from './frames.ts';

/** A row of a table with its fields looked up. */
interface Layout {
  readonly name: string;
  readonly type: number;
  readonly fields: readonly (readonly [string, Field<unknown>])[];
}

/** Turns the frames of one table into bytes and back. */
export class Codec<T extends FrameTable> {
  // By name and by number: both are keys.
  readonly #layouts = new Map<unknown, Layout>();
  readonly #alloc: (size: number) => Uint8Array;

  /** @param alloc - gives the memory of an encoded frame; it need not be empty */
  constructor(table: T, alloc: (size: number) => Uint8Array = (size) => new Uint8Array(size)) {
    this.#alloc = alloc;
    for (const [name, { type, fields: kinds }] of Object.entries(table)) {
      const fields: Layout['fields'] = Object.entries(kinds).map(([key, kind]) => [key, FIELDS[kind]]);
      for (const key of [name, type]) this.#layouts.set(key, { name, type, fields });
    }
  }

  // #region encode
  /**
   * Encodes one frame, header included: `u32 size | u8 type | fields`.
   *
   * @throws OptionError when a value does not fit its field
   */
  encode(frame: FrameOf<T>): Uint8Array {
    // step 4.3: encode and decode by the table
    const values = frame as Readonly<Record<string, unknown>>;
    const { type, fields } = this.#layouts.get(frame.type) as Layout;
    let size = TYPE_SIZE;
    for (const [key, field] of fields) size += field.size(values[key]);
    const to = new ByteCursor(this.#alloc(HEADER_SIZE + size));
    to.putNumber(size, 4);
    to.putNumber(type, 1);
    for (const [key, field] of fields) field.write(to, values[key]);
    return to.bytes;
  }
  // #endregion encode

  // #region decode
  /**
   * Decodes the body `bytes[start, end)` of a frame. Payloads and pings are views into `bytes`; strings are copies.
   *
   * @throws ProtocolError UNKNOWN_TYPE, BAD_FRAME, BAD_TEXT or BAD_VERSION, all fatal
   */
  decode(type: number, bytes: Uint8Array, start = 0, end = bytes.length): FrameOf<T> {
    // step 4.3: encode and decode by the table
    const layout = this.#layouts.get(type);
    if (layout === undefined)
      throw new ProtocolError('UNKNOWN_TYPE', `no frame of type 0x${type.toString(16)} goes this way`);
    const from = new ByteCursor(bytes, start, end);
    const frame: Record<string, unknown> = { type: layout.name };
    for (const [key, field] of layout.fields) frame[key] = field.read(from);
    if (from.left > 0)
      throw new ProtocolError('BAD_FRAME', `${from.left} bytes behind the last field of ${layout.name}`);
    return frame as FrameOf<T>;
  }
  // #endregion decode

  /** The name of a frame's type; `undefined` for one that the table does not have. */
  nameOf(type: number): string | undefined {
    // step 4.3: encode and decode by the table
    return this.#layouts.get(type)?.name;
  }
}

/** The frames of clients. */
export const clientCodec = new Codec(CLIENT_FRAMES);

/** The frames of brokers. */
export const brokerCodec = new Codec(BROKER_FRAMES);

// #region error-frame
/** The ERROR frame that tells of an error. Its reason is for people; programs go by the code. */
export function errorFrame(error: ProtocolError, request = error.request): BrokerFrame {
  // step 4.3: encode and decode by the table
  return { type: 'ERROR', request, code: error.wireCode, reason: error.message.slice(0, 1000) };
}
// #endregion error-frame

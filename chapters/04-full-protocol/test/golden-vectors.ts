/** The golden vectors of docs/protocol-vectors.json, in the form that tests use: hexadecimal becomes bytes. */
import { readFileSync } from 'node:fs';
import { fromLatin1, toLatin1 } from '#framing';
import type { BrokerFrame, ClientFrame, ErrorName } from '#protocol';

/** A frame as the file has it: keys, payloads and pings in hexadecimal. */
export interface FrameJson {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** One vector. The file says what each field means. */
export interface Vector {
  readonly name: string;
  readonly from: 'client' | 'broker';
  readonly hex: string;
  readonly frame?: FrameJson;
  readonly error?: ErrorName;
  readonly fatal?: boolean;
  readonly state?: 'new';
  readonly decodes?: boolean;
  readonly decodeOnly?: boolean;
  readonly before?: readonly string[];
  readonly beforeReplies?: readonly FrameJson[];
  readonly replies?: readonly FrameJson[];
  readonly closes?: boolean;
  readonly feature?: 'groups' | 'patterns' | 'topics';
  readonly needs?: 'topics';
}

interface VectorFile {
  readonly hello: string;
  readonly vectors: readonly Vector[];
}

const path = new URL('../../../docs/protocol-vectors.json', import.meta.url);
const file = JSON.parse(readFileSync(path, 'utf8')) as VectorFile;

/** A HELLO that every broker without tokens lets in. */
export const helloHex: string = file.hello;

/** All vectors, in the file's order. */
export const vectors: readonly Vector[] = file.vectors;

/** Bytes of hexadecimal text; spaces and line ends are for the eye. */
export function fromHex(hex: string): Buffer {
  const digits = hex.replace(/\s+/g, '');
  const bytes = Buffer.from(digits, 'hex');
  if (bytes.length * 2 !== digits.length) throw new Error(`not hexadecimal: ${hex}`);
  return bytes;
}

/** Bytes as hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Bytes as the UTF-8 text that they are. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

/** The frame that the file describes. */
export function frameFromJson(json: FrameJson): ClientFrame | BrokerFrame {
  return convert(json, (name, value) => {
    if (name === 'key') return toLatin1(fromHex(value as string));
    return name === 'bytes' || name === 'payload' ? fromHex(value as string) : value;
  }) as ClientFrame | BrokerFrame;
}

/** A frame as the file would have it; the opposite of {@link frameFromJson}. */
export function frameToJson(frame: ClientFrame | BrokerFrame): FrameJson {
  return convert(frame, (name, value) => {
    if (name === 'key') return toHex(fromLatin1(value as string));
    return name === 'bytes' || name === 'payload' ? toHex(value as Uint8Array) : value;
  }) as FrameJson;
}

function convert(value: object, field: (name: string, value: unknown) => unknown): object {
  const entries = Object.entries(value).map(([name, inner]) => {
    if (name !== 'records') return [name, field(name, inner)];
    return [name, (inner as readonly object[]).map((record) => convert(record, field))];
  });
  return Object.fromEntries(entries);
}

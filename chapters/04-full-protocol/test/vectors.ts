/**
 * The golden vectors of docs/protocol-vectors.json, in the form that tests use: hexadecimal becomes bytes, names of
 * types become their numbers.
 */
import { readFileSync } from 'node:fs';
import { type BrokerFrame, BrokerType, type ClientFrame, ClientType, type ErrorName } from '#protocol/old';

/** A decoded frame as the file has it: the type's name, and bytes in hexadecimal. */
export interface FrameJson {
  readonly type: string;
  readonly [field: string]: unknown;
}

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
  readonly feature?: 'groups' | 'patterns';
}

interface VectorFile {
  readonly protocol: number;
  readonly hello: string;
  readonly vectors: readonly Vector[];
}

const file = JSON.parse(
  readFileSync(new URL('../../../docs/protocol-vectors.json', import.meta.url), 'utf8'),
) as VectorFile;

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

/** The frame that the file describes. */
export function frameFromJson(from: 'client' | 'broker', json: FrameJson): ClientFrame | BrokerFrame {
  const types: Readonly<Record<string, number>> = from === 'client' ? ClientType : BrokerType;
  const type = types[json.type];
  if (type === undefined) throw new Error(`a ${from} sends no ${json.type}`);
  const fields = Object.entries(json).map(([name, value]) => [name, field(name, value)]);
  return { ...Object.fromEntries(fields), type } as ClientFrame | BrokerFrame;
}

/** A frame as the file would have it; the opposite of {@link frameFromJson}. */
export function frameToJson(frame: ClientFrame | BrokerFrame): FrameJson {
  const types = Object.entries(frame.type < 0x80 ? ClientType : BrokerType);
  const type = types.find(([, number]) => number === frame.type)?.[0] ?? '?';
  const fields = Object.entries(frame).map(([name, value]) => [name, fieldToJson(name, value)]);
  return { ...Object.fromEntries(fields), type };
}

function field(name: string, value: unknown): unknown {
  if (name === 'bytes' || name === 'payload') return fromHex(value as string);
  if (name === 'key') return fromHex(value as string).toString('latin1');
  if (name !== 'records') return value;
  return (value as readonly Record<string, unknown>[]).map((record) =>
    Object.fromEntries(Object.entries(record).map(([key, inner]) => [key, field(key, inner)])),
  );
}

function fieldToJson(name: string, value: unknown): unknown {
  if (name === 'bytes' || name === 'payload') return (value as Buffer).toString('hex');
  if (name === 'key') return Buffer.from(value as string, 'latin1').toString('hex');
  if (name !== 'records') return value;
  return (value as readonly Record<string, unknown>[]).map((record) => ({
    key: fieldToJson('key', record.key),
    payload: fieldToJson('payload', record.payload),
  }));
}

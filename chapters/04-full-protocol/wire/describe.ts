import { toHex } from '#framing';
import { brokerCodec, clientCodec } from './codec.ts';
import { errorName } from './errors.ts';
import type { BrokerFrame, ClientFrame } from './frames.ts';

// step 4.4: what the layout cannot say

// #region describe
/** A frame in one short line for people: `PUBLISH request=3 topic="news" records=2`. No token is shown. */
export function describeFrame(frame: ClientFrame | BrokerFrame): string {
  const fields = Object.entries(frame).slice(1);
  return [frame.type, ...fields.map(([name, value]) => `${name}=${describeValue(name, value)}`)].join(' ');
}

/**
 * The same for a frame that was not decoded, of either direction: the body is `bytes[start, end)`. Says so when it
 * cannot be read.
 */
export function describeBytes(type: number, bytes: Uint8Array, start = 0, end = bytes.length): string {
  try {
    return describeFrame((type < 0x80 ? clientCodec : brokerCodec).decode(type, bytes, start, end));
  } catch (error) {
    return `type 0x${type.toString(16)}, ${end - start} bytes that cannot be read: ${(error as Error).message}`;
  }
}

function describeValue(name: string, value: unknown): string | number {
  if (name === 'token') return value === '' ? '""' : '***';
  if (name === 'code') return errorName(value as number) ?? String(value);
  if (value instanceof Uint8Array) return `0x${toHex(value)}`;
  return Array.isArray(value) ? value.length : JSON.stringify(value);
}
// #endregion describe

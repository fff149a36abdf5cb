import { decodeBrokerFrame, decodeClientFrame, describeFrame } from '#protocol/old';

/** Which way a frame goes: in from the client, or out to it. */
export type Direction = 'in' | 'out';

/** A frame in one line, for the debug output. */
export function describeBytes(
  direction: Direction,
  type: number,
  bytes: Buffer,
  start: number,
  end: number,
): string {
  const arrow = direction === 'in' ? '->' : '<-';
  try {
    const decode = direction === 'in' ? decodeClientFrame : decodeBrokerFrame;
    return `${arrow} ${describeFrame(decode(type, bytes, start, end))}`;
  } catch (error) {
    return `${arrow} a frame of type ${type} that is no good: ${error instanceof Error ? error.message : error}`;
  }
}

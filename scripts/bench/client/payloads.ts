/** Different payloads that are sent over and over: more than a cache line holds, less than a cache. */
export const RING = 1024;

/**
 * The payloads of a run: each begins with its number in the ring. Clients may hold on to them until they are written, so
 * they are never changed.
 */
export function makePayloads(size: number): Buffer[] {
  return Array.from({ length: RING }, (_, number) => {
    const payload = Buffer.alloc(size, 'x');
    payload.writeUInt32BE(number);
    return payload;
  });
}

/** Whether this is the payload that has to come as number `count` of a run, counted from 0. */
export function isPayload(payload: Uint8Array, count: number, size: number): boolean {
  const wanted = count % RING;
  return payload.length === size && payload[3] === (wanted & 0xff) && payload[2] === wanted >> 8;
}

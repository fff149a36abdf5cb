/** WebSocket frames as no good client makes them: wrong lengths, reserved bits, fragments in disorder, pings without end. */
import fc from 'fast-check';

/** One frame of a WebSocket, well made or not. */
export interface AnyWebSocketFrame {
  readonly fin: boolean;
  /** Three reserved bits; the first would say "compressed". */
  readonly reserved: number;
  readonly opcode: number;
  readonly masked: boolean;
  /** What its length field says beyond the truth. */
  readonly lie: number;
  readonly payload: Uint8Array;
}

const good = {
  fin: fc.constant(true),
  reserved: fc.constant(0),
  masked: fc.constant(true),
  lie: fc.constant(0),
};
const bytes = fc.uint8Array({ maxLength: 130 });

/** The payload is a part of the stream at hand, or noise. */
function frameOf(payload: fc.Arbitrary<Uint8Array>): fc.Arbitrary<AnyWebSocketFrame> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.record({ ...good, opcode: fc.constant(2), payload }) },
    // A text, fragments, a close with any code, pings and pongs.
    {
      weight: 2,
      arbitrary: fc.record({ ...good, fin: fc.boolean(), opcode: fc.constantFrom(0, 1, 2), payload }),
    },
    { weight: 2, arbitrary: fc.record({ ...good, opcode: fc.constantFrom(8, 9, 10), payload: bytes }) },
    {
      weight: 1,
      arbitrary: fc.record({
        fin: fc.boolean(),
        reserved: fc.nat({ max: 7 }),
        opcode: fc.nat({ max: 15 }),
        masked: fc.boolean(),
        lie: fc.constantFrom(0, 0, 1, 70_000, 2 ** 40),
        payload: bytes,
      }),
    },
  );
}

/** The stream, cut into frames of a WebSocket with others between them. */
export function webSocketFrames(pieces: readonly Uint8Array[]): fc.Arbitrary<AnyWebSocketFrame[]> {
  const inOrder = pieces.map((piece) => frameOf(fc.constant(piece)));
  return fc
    .tuple(...inOrder.flatMap((each) => [each, fc.option(frameOf(bytes), { freq: 9, nil: undefined })]))
    .map((frames) => frames.filter((frame) => frame !== undefined));
}

/** The frame as bytes, its mask being four zeros or none. */
export function encodeWebSocketFrame(frame: AnyWebSocketFrame): Buffer {
  const { fin, reserved, opcode, masked, lie, payload } = frame;
  const length = payload.length + lie;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, Buffer.alloc(masked ? 4 : 0), payload]);
}

/** The request that asks for a WebSocket. */
export const UPGRADE = [
  'GET /leveret HTTP/1.1',
  'Host: 127.0.0.1',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '',
  '',
].join('\r\n');

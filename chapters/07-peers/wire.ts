/**
 * What peers say to each other. Frames as in chapter 1; the one who dials speaks first, and after the
 * handshake only datagrams flow, from the dialler to the listener.
 *
 *     dialler                                   listener
 *     01 HELLO     u8 version, text8 address    81 WELCOME  u8 version, u32 maxBytes
 *     02 DATAGRAM  bytes                        82 REFUSE   text8 reason, then it closes
 *
 * `text8` is a u8 length and that many bytes of UTF-8. `address` is where the dialler itself listens, `maxBytes` the
 * largest datagram that the listener takes.
 */
import { encodeFrame, HEADER_SIZE, TYPE_SIZE } from '#framing';
import { formatAddress, parseAddress } from './address.ts';
import { PeerError } from './errors.ts';

/** The version that both sides name in the handshake. */
export const PEER_VERSION = 1;

/** The types of the frames between peers. */
export const PeerFrame = { Hello: 0x01, Datagram: 0x02, Welcome: 0x81, Refuse: 0x82 } as const;

/** Bytes that come before each datagram. */
const DATAGRAM_HEADER = HEADER_SIZE + TYPE_SIZE;

/** No handshake frame is larger than this many bytes, so a stranger cannot make a peer hold more. */
export const HANDSHAKE_LIMIT = 1 + 1 + 1 + 255;

/** The first frame of a connection: who is dialling. */
export function encodeHello(address: string): Buffer {
  const text = Buffer.from(address);
  return encodeFrame(PeerFrame.Hello, Buffer.concat([Uint8Array.of(PEER_VERSION, text.length), text]));
}

/**
 * Reads the body of a HELLO.
 *
 * @returns the dialler's address, in its one spelling
 * @throws {@link PeerError} `NOT_A_PEER` or `BAD_ADDRESS` that says what is wrong with it
 */
export function decodeHello(body: Uint8Array): string {
  const bad = (why: string) => new PeerError('NOT_A_PEER', 'HELLO', why);
  const [version, length] = body;
  if (length !== body.length - 2) throw bad('it has a wrong length');
  if (version !== PEER_VERSION) throw bad(`version ${version} is not spoken here`);
  return formatAddress(parseAddress(Buffer.from(body.subarray(2)).toString('latin1')));
}

/** The answer to a good HELLO: how large a datagram may be, in bytes. */
export function encodeWelcome(maxBytes: number): Buffer {
  const body = Buffer.alloc(5, PEER_VERSION);
  body.writeUInt32BE(maxBytes, 1);
  return encodeFrame(PeerFrame.Welcome, body);
}

/** Reads the body of a WELCOME: the other peer's largest datagram in bytes, or undefined if it is malformed. */
export function decodeWelcome(body: Buffer): number | undefined {
  return body.length === 5 && body[0] === PEER_VERSION ? body.readUInt32BE(1) : undefined;
}

/** The answer to a dialler that is not let in, with a reason for people. */
export function encodeRefuse(reason: string): Buffer {
  const text = Buffer.from(reason).subarray(0, 255);
  return encodeFrame(PeerFrame.Refuse, Buffer.concat([Uint8Array.of(text.length), text]));
}

/** Reads the body of a REFUSE. */
export function decodeRefuse(body: Buffer): string {
  return body.toString('utf8', 1, 1 + (body[0] ?? 0));
}

/** Lays datagrams out one behind the other, each in its frame, for one write. */
export function encodeDatagrams(datagrams: readonly { readonly bytes: Uint8Array }[]): Buffer {
  let size = 0;
  for (const { bytes } of datagrams) size += DATAGRAM_HEADER + bytes.length;
  const buffer = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { bytes } of datagrams) {
    buffer.writeUInt32BE(TYPE_SIZE + bytes.length, at);
    buffer[at + HEADER_SIZE] = PeerFrame.Datagram;
    buffer.set(bytes, at + DATAGRAM_HEADER);
    at += DATAGRAM_HEADER + bytes.length;
  }
  return buffer;
}

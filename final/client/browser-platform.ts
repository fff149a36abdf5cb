import { LeveretError } from '#framing';
import type { Platform, Trace } from './platform.ts';
import { openWebSocket, type WebSocketLike } from './web-socket-transport.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A browser, or whatever else has a global WebSocket. */
export const browserPlatform: Platform = {
  open(address, _settings, handlers) {
    if (address.protocol !== 'ws:' && address.protocol !== 'wss:') {
      throw new LeveretError(
        'BAD_URL',
        `a browser cannot reach ${address.text}: it speaks WebSocket only. Give a ws:// or wss:// address`,
      );
    }
    const { WebSocket } = globalThis as unknown as { WebSocket: new (url: string) => WebSocketLike };
    return openWebSocket(address, (url) => new WebSocket(url), handlers);
  },
  alloc: (size) => new Uint8Array(size),
  copy: (bytes, start, end) => bytes.slice(start, end),
  decode: (bytes, start, end) => decoder.decode(bytes.subarray(start, end)),
  byteLength: (text) => encoder.encode(text).length,
  encodeInto: (text, bytes, at) => encoder.encodeInto(text, bytes.subarray(at)).written ?? 0,
  unref: () => {},
  warn: (error) => console.warn(error),
  trace: Object.assign(() => {}, { enabled: false }) satisfies Trace,
};

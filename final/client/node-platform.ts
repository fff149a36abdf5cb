import createDebug from 'debug';
import { WebSocket } from 'ws';
import type { Platform } from './platform.ts';
import { explainSocketError } from './socket-errors.ts';
import { openSocket, tlsOptions } from './socket-transport.ts';
import { openWebSocket, type WebSocketLike } from './web-socket-transport.ts';

const debug = createDebug('leveret:client');

// Buffer's own methods take any Uint8Array, and are several times faster on short texts than TextDecoder.
const { utf8Slice, utf8Write } = Buffer.prototype as unknown as {
  utf8Slice(this: Uint8Array, start: number, end: number): string;
  utf8Write(this: Uint8Array, text: string, at: number, length: number): number;
};

/** Node: sockets, and WebSockets by `ws`. */
export const nodePlatform: Platform = {
  open(address, settings, handlers) {
    if (address.protocol === 'leveret:' || address.protocol === 'leverets:') {
      return openSocket(address, settings, handlers);
    }
    const secure = address.protocol === 'wss:';
    const create = (url: string) =>
      new WebSocket(url, {
        perMessageDeflate: false,
        ...(secure ? tlsOptions(address.host, settings.tls) : {}),
      }) as unknown as WebSocketLike;
    return openWebSocket(address, create, handlers);
  },
  alloc: (size) => Buffer.allocUnsafe(size),
  copy: (bytes, start, end) => {
    const copy = Buffer.allocUnsafe(end - start);
    copy.set(bytes.subarray(start, end));
    return copy;
  },
  decode: (bytes, start, end) => utf8Slice.call(bytes, start, end),
  byteLength: (text) => Buffer.byteLength(text),
  encodeInto: (text, bytes, at) => utf8Write.call(bytes, text, at, bytes.length - at),
  unref: (timer) => {
    timer.unref();
  },
  warn: ({ code, message }) => {
    process.emitWarning(`${message} (no listener for the client's event "error")`, {
      type: 'LeveretWarning',
      code,
    });
  },
  explain: explainSocketError,
  trace: debug,
};

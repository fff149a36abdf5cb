import type { Address } from './address.ts';
import type { Transport, TransportHandlers } from './platform.ts';

/** What a client uses of a WebSocket: of a browser's, or of one by `ws`. */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly readyState: number;
  send(data: Uint8Array): void;
  close(code?: number): void;
  /** Only `ws` has these three. */
  pause?(): void;
  resume?(): void;
  terminate?(): void;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
}

/** Bytes that may wait in the WebSocket before it counts as full. */
const HIGH_WATER = 1_048_576;
/** A WebSocket does not say when it has room again: look every so many milliseconds, while it is full. */
const POLL = 5;

/** Speaks the protocol in the binary messages of a WebSocket. Where a message ends means nothing. */
export function openWebSocket(
  address: Address,
  create: (url: string) => WebSocketLike,
  handlers: TransportHandlers,
): Transport {
  const socket = create(address.text);
  socket.binaryType = 'arraybuffer';
  let failure: Error | undefined;
  let over = false;
  let poll: ReturnType<typeof setInterval> | undefined;
  const close = () => {
    if (over) return;
    over = true;
    clearInterval(poll);
    handlers.closed(failure);
  };
  const isFull = () => socket.bufferedAmount > HIGH_WATER;
  socket.onopen = () => handlers.opened();
  socket.onmessage = (event: { data: ArrayBuffer | string }) => {
    // Text is none of the protocol's: let it fail as the bytes that it is not.
    if (!over) handlers.data(typeof event.data === 'string' ? new Uint8Array(5) : new Uint8Array(event.data));
  };
  socket.onerror = (event: { error?: Error; message?: string }) => {
    // A browser does not tell scripts what is wrong.
    failure = event.error ?? new Error(event.message ?? '');
  };
  socket.onclose = close;
  return {
    get writable() {
      return poll === undefined;
    },
    write: (bytes) => {
      if (over || socket.readyState !== 1) return;
      socket.send(bytes);
      if (poll !== undefined || !isFull()) return;
      poll = setInterval(() => {
        if (isFull()) return;
        clearInterval(poll);
        poll = undefined;
        handlers.drained();
      }, POLL);
    },
    pause: () => socket.pause?.(),
    resume: () => socket.resume?.(),
    end: () => socket.close(1000),
    destroy: () => {
      if (socket.terminate !== undefined) socket.terminate();
      else socket.close();
      close();
    },
  };
}

import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { Address } from './address.ts';
import type { ClientSettings, ClientTlsOptions } from './connect-options.ts';
import type { Transport, TransportHandlers } from './platform.ts';

/** Bytes that may wait for the socket before it says that it is full. */
const HIGH_WATER = 1_048_576;
/** What is read goes into memory of this size, one read behind the other, ... */
const SLAB = 262_144;
/** ... until no more than this is left of it. */
const LEAST = 65_536;

/** Connects by TCP, or by TLS for `leverets:`. */
export function openSocket(
  address: Address,
  settings: ClientSettings,
  handlers: TransportHandlers,
): Transport {
  const { host, port } = address;
  const secure = address.protocol === 'leverets:';
  const options = { host, port, noDelay: true, writableHighWaterMark: HIGH_WATER };
  const socket: Socket = secure
    ? connectTls({ ...options, ...tlsOptions(host, settings.tls) })
    : connectTcp({ ...options, onread: readInto(handlers) });
  let failure: Error | undefined;
  socket.once(secure ? 'secureConnect' : 'connect', () => handlers.opened());
  if (secure) socket.on('data', (bytes: Buffer) => handlers.data(bytes));
  socket.on('drain', () => handlers.drained());
  socket.on('error', (error) => {
    failure = error;
  });
  socket.once('close', () => handlers.closed(failure));
  return {
    get writable() {
      return !socket.writableNeedDrain;
    },
    write: (bytes, written) => {
      socket.write(bytes, written);
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: () => socket.end(),
    destroy: () => socket.destroy(),
  };
}

/**
 * Reads into large pieces of memory. A frame that is cut by a read is then whole after the next one, where it lies; and
 * there is less to allocate than with a buffer for each read.
 */
function readInto(handlers: TransportHandlers): OnReadOpts {
  let slab = Buffer.allocUnsafeSlow(SLAB);
  let at = 0;
  let wanted: Uint8Array | undefined;
  return {
    buffer() {
      wanted = handlers.wanted();
      if (wanted !== undefined) return wanted;
      if (SLAB - at < LEAST) {
        slab = Buffer.allocUnsafeSlow(SLAB);
        at = 0;
      }
      return at === 0 ? slab : slab.subarray(at);
    },
    callback(size) {
      if (wanted !== undefined) {
        handlers.data(wanted, 0, size);
        return true;
      }
      const start = at;
      at += size;
      handlers.data(slab, start, at);
      return true;
    },
  };
}

/** Settings for `tls.connect`. */
export function tlsOptions(host: string, tls: ClientTlsOptions = {}): ConnectionOptions {
  const { servername = isIP(host) === 0 ? host : '', ...rest } = tls;
  return {
    minVersion: 'TLSv1.2',
    ...(rest as ConnectionOptions),
    ...(servername === '' ? {} : { servername }),
  };
}

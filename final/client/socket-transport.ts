import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { Address } from './address.ts';
import type { ClientSettings, ClientTlsOptions } from './options.ts';
import type { Transport, TransportEvents } from './platform.ts';

/** Bytes that may wait for the socket before it says that it is full. */
const HIGH_WATER = 1_048_576;

/** Connects by TCP, or by TLS for `leverets:`. */
export function openSocket(address: Address, settings: ClientSettings, events: TransportEvents): Transport {
  const { host, port } = address;
  const secure = address.protocol === 'leverets:';
  const options = { host, port, noDelay: true, writableHighWaterMark: HIGH_WATER };
  const socket: Socket = secure
    ? connectTls({ ...options, ...tlsOptions(host, settings.tls) })
    : connectTcp(options);
  let failure: Error | undefined;
  socket.once(secure ? 'secureConnect' : 'connect', () => events.opened());
  socket.on('data', (bytes: Buffer) => events.data(bytes));
  socket.on('drain', () => events.drained());
  socket.on('error', (error) => {
    failure = error;
  });
  socket.once('close', () => events.closed(failure));
  return {
    get writable() {
      return !socket.writableNeedDrain;
    },
    write: (bytes) => {
      socket.write(bytes);
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: () => socket.end(),
    destroy: () => socket.destroy(),
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

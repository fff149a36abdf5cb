import { connect, type Socket } from 'node:net';
import { type RunningServer, startServer } from '#framing/net';
import { Tap, type TappedFrame } from './tap.ts';

/** Where a proxy listens, and what it is in front of. */
export interface ProxyOptions {
  readonly host: string;
  readonly port: number;
  readonly target: { readonly host: string; readonly port: number };
  /** See {@link Tap}. */
  readonly plain: boolean;
}

/** What goes by. Connections are numbered from 1. */
export interface ProxyHandlers {
  opened(connection: number, address: string): void;
  frame(connection: number, frame: TappedFrame): void;
  broken(connection: number, direction: 'in' | 'out', reason: string, bytes: Uint8Array): void;
  /** @param reason - empty when both sides ended in good order */
  closed(connection: number, reason: string): void;
}

/**
 * Stands between clients and a server, passes on every byte unchanged in both directions, and tells of the frames in them.
 *
 * @throws LeveretError `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
 */
export function startProxy(options: ProxyOptions, handlers: ProxyHandlers): Promise<RunningServer> {
  let last = 0;
  const { host, port } = options;
  return startServer({
    host,
    port,
    allowHalfOpen: true,
    onConnection: (client) => join(client, ++last, options, handlers),
  });
}

function join(
  client: Socket,
  number: number,
  { target, plain }: ProxyOptions,
  handlers: ProxyHandlers,
): void {
  handlers.opened(number, `${client.remoteAddress}:${client.remotePort}`);
  const server = connect({ ...target, allowHalfOpen: true, noDelay: true });
  const tapHandlers = {
    frame: (frame: TappedFrame) => handlers.frame(number, frame),
    broken: (direction: 'in' | 'out', reason: string, bytes: Uint8Array) =>
      handlers.broken(number, direction, reason, bytes),
  };
  let reason = '';
  const fail = (error: Error): void => {
    reason ||= error.message;
    client.destroy();
    server.destroy();
  };
  let open = 2;
  const closed = (): void => {
    open -= 1;
    if (open === 0) handlers.closed(number, reason);
  };
  pass(client, server, new Tap('in', plain, tapHandlers));
  pass(server, client, new Tap('out', plain, tapHandlers));
  for (const socket of [client, server]) {
    socket.on('error', fail);
    socket.on('close', closed);
  }
  client.on('close', () => server.destroy());
  server.on('close', () => client.end());
}

/** Passes bytes on as fast as they are taken, and shows them to the tap. */
function pass(from: Socket, to: Socket, tap: Tap): void {
  from.on('data', (chunk) => {
    if (!to.write(chunk)) {
      from.pause();
      to.once('drain', () => from.resume());
    }
    tap.push(chunk);
  });
  from.on('end', () => {
    tap.end();
    to.end();
  });
}

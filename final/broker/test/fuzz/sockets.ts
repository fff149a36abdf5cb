/** The same streams over real sockets, TCP and WebSocket, while bystanders are served. */
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { RawClient, until } from '../../../../chapters/04-full-protocol/test/conversation-client.ts';
import { publish, subscribe } from '../../../../chapters/04-full-protocol/test/conversation-requests.ts';
import { cutAt } from '../../../../chapters/04-full-protocol/test/random-streams.ts';
import { type Broker, createBroker } from '../../../index.ts';
import type { Case } from './properties.ts';
import { anyCase } from './properties.ts';
import {
  type AnyWebSocketFrame,
  encodeWebSocketFrame,
  UPGRADE,
  webSocketFrames,
} from './web-socket-frames.ts';

/** How a hostile client goes. */
export type Ending = 'end' | 'reset' | 'destroy';

/** What one client sends. */
export interface SocketCase extends Case {
  readonly ending: Ending;
  /** The stream in these frames of a WebSocket, or over TCP. */
  readonly webSocket: readonly AnyWebSocketFrame[] | undefined;
}

export const anySocketCase: fc.Arbitrary<SocketCase> = anyCase.chain(({ stream, cuts }) =>
  fc.record({
    stream: fc.constant(stream),
    cuts: fc.constant(cuts),
    ending: fc.constantFrom<Ending>('end', 'reset', 'destroy'),
    webSocket: fc.option(webSocketFrames(cutAt(stream, cuts)), { freq: 2, nil: undefined }),
  }),
);

/** A broker on real sockets with a bystander; streams are thrown at it. */
export class SocketFuzz {
  readonly broker: Broker;
  readonly #bystander: RawClient;
  readonly #faults: string[];
  #served = 0;

  private constructor(broker: Broker, bystander: RawClient, faults: string[]) {
    this.broker = broker;
    this.#bystander = bystander;
    this.#faults = faults;
  }

  static async start(): Promise<SocketFuzz> {
    const faults: string[] = [];
    const quiet = (): void => {};
    const broker = await createBroker({
      port: 0,
      listeners: [{ type: 'ws', host: '127.0.0.1', port: 0, path: '/leveret' }],
      closeTimeoutMs: 200,
      logger: {
        debug: quiet,
        info: quiet,
        warn: quiet,
        error: (facts, message) => {
          const { err } = facts as { err?: Error };
          faults.push(`${message}: ${err?.stack ?? JSON.stringify(facts)}`);
        },
      },
    });
    const bystander = await RawClient.hello(broker);
    bystander.frames(subscribe(1, 'bystander'));
    await bystander.expect({ type: 'OK', request: 1 });
    return new SocketFuzz(broker, bystander, faults);
  }

  /**
   * Throws one stream at the broker.
   *
   * @throws Error when the broker has a fault, does not let the client go, or leaves the bystander without its message
   */
  async run({ stream, cuts, ending, webSocket }: SocketCase): Promise<void> {
    const tcp = webSocket === undefined;
    const { port = 0 } = this.broker.addresses[tcp ? 0 : 1] ?? {};
    const socket = await open(port);
    if (!tcp) socket.write(UPGRADE);
    for (const piece of tcp ? cutAt(stream, cuts) : webSocket.map(encodeWebSocketFrame)) {
      if (socket.writable) socket.write(piece);
    }
    await leave(socket, ending);
    if (++this.#served % 10 === 0) await this.check();
  }

  /** @throws Error as {@link SocketFuzz.run} does */
  async check(): Promise<void> {
    const text = `still here ${this.#served}`;
    this.#bystander.frames(publish(2, 'bystander', text));
    await this.#bystander.expect({ type: 'PUBLISHED', count: 1 });
    await this.#bystander.expect({ type: 'MESSAGES', topic: 'bystander' });
    const faults = [...this.#faults];
    if (faults.length > 0) throw new Error(`the broker has a fault: ${faults.join('; ')}`);
  }

  /** Ends it. @throws Error when connections stay behind */
  async close(): Promise<void> {
    try {
      await until(() => this.broker.core.table.size === 1, 'only the bystander is left');
    } finally {
      await this.#bystander.close();
      await this.broker.close(0);
    }
  }
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      // A broker that hangs up may do so by a reset.
      socket.on('error', () => socket.destroy());
      socket.resume();
      resolve(socket);
    });
  });
}

/** Goes as it is told to. Who ends in good order waits for the broker to end as well. */
function leave(socket: Socket, ending: Ending): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) return resolve();
    socket.once('close', () => resolve());
    if (ending === 'end') socket.end();
    else if (ending === 'reset') socket.resetAndDestroy();
    else socket.destroy();
    socket.once('end', () => socket.destroy());
  });
}

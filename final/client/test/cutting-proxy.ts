import { connect, createServer, type Socket } from 'node:net';
import { boundPort, listen } from '#framing/net';

/** Passes bytes on between clients and a broker, and cuts connections where it is told to: in the middle of a frame. */
export interface CuttingProxy {
  readonly port: number;
  /** Connections that were cut. */
  readonly cuts: number;
  /** Connections that stand. */
  readonly connections: number;
  /** While true, bytes go nowhere and nobody is told: a network that swallows. */
  silent: boolean;
  /** Cuts each connection after so many more bytes in one direction, as soon as they have come. */
  cutAfter(bytes: number, direction: 'up' | 'down'): void;
  /** Cuts all connections now. */
  cut(): void;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly broker: Socket;
  left: { up: number; down: number };
}

/** Starts a proxy before the broker at this port. */
export async function startCuttingProxy(brokerPort: number): Promise<CuttingProxy> {
  const pairs = new Set<Pair>();
  let cuts = 0;
  let silent = false;
  const server = createServer({ noDelay: true }, (client) => {
    const broker = connect({ host: '127.0.0.1', port: brokerPort, noDelay: true });
    const pair: Pair = { client, broker, left: { up: Infinity, down: Infinity } };
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      client.destroySoon();
      broker.destroySoon();
    };
    const pass = (from: Socket, to: Socket, direction: 'up' | 'down') => {
      from.on('data', (bytes: Buffer) => {
        if (silent) return;
        const left = pair.left[direction];
        if (bytes.length < left) {
          pair.left[direction] -= bytes.length;
          if (!to.write(bytes)) {
            from.pause();
            to.once('drain', () => from.resume());
          }
          return;
        }
        if (!pairs.has(pair)) return;
        cuts++;
        to.write(bytes.subarray(0, left));
        end();
      });
      from.on('error', end);
      from.on('close', end);
    };
    pass(client, broker, 'up');
    pass(broker, client, 'down');
  });
  await listen(server, '127.0.0.1', 0);
  return {
    port: boundPort(server),
    get cuts() {
      return cuts;
    },
    get connections() {
      return pairs.size;
    },
    get silent() {
      return silent;
    },
    set silent(value) {
      silent = value;
    },
    cutAfter(bytes, direction) {
      for (const pair of pairs) pair.left[direction] = bytes;
    },
    cut() {
      for (const { client, broker } of [...pairs]) {
        cuts++;
        client.destroy();
        broker.destroy();
      }
      pairs.clear();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const { client, broker } of pairs) {
          client.destroy();
          broker.destroy();
        }
      }),
  };
}

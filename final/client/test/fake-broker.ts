import { FrameReader } from '#framing';
import { type BrokerFrame, brokerCodec, type ClientFrame, clientCodec } from '#protocol';
import { Client } from '../client.ts';
import { nodePlatform } from '../node-platform.ts';
import type { Platform } from '../platform.ts';

/** What a client's transport tells it, as far as a fake broker tells anything. */
type Handlers = Parameters<Platform['open']>[2];

/** A broker in memory that says what a test wants it to say, byte by byte if need be. */
export class FakeBroker {
  /** What clients have sent, on all connections; each frame was decoded by the table. */
  readonly received: ClientFrame[] = [];
  /** Connections so far. */
  connections = 0;
  #client: Handlers | undefined;
  readonly #answer: (frame: ClientFrame, broker: FakeBroker) => void;

  /** @param answer - called for each frame of a client */
  constructor(answer: (frame: ClientFrame, broker: FakeBroker) => void = welcome) {
    this.#answer = answer;
  }

  /** A platform whose every address leads here. */
  get platform(): Platform {
    return { ...nodePlatform, open: (_address, _settings, handlers) => this.#open(handlers) };
  }

  /** A client of it. */
  connect(options: Parameters<typeof Client.connect>[2] = {}): Promise<Client> {
    return Client.connect(this.platform, 'leveret://fake', options);
  }

  /** Sends a frame. */
  send(frame: BrokerFrame): void {
    this.sendBytes(brokerCodec.encode(frame));
  }

  /** Sends bytes, whatever they are. */
  sendBytes(bytes: Uint8Array): void {
    this.#client?.data(bytes);
  }

  /** Ends the connection. */
  end(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.closed(undefined);
  }

  #open(handlers: Handlers): ReturnType<Platform['open']> {
    this.#client = handlers;
    this.connections++;
    const reader = new FrameReader((...frame) => {
      const decoded = clientCodec.decode(...frame);
      this.received.push(decoded);
      queueMicrotask(() => this.#client === handlers && this.#answer(decoded, this));
    });
    queueMicrotask(() => handlers.opened());
    const over = () => {
      if (this.#client === handlers) this.#client = undefined;
    };
    return {
      writable: true,
      write: (bytes) => reader.push(Buffer.from(bytes)),
      pause: () => {},
      resume: () => {},
      end: over,
      destroy: over,
    };
  }
}

/** Lets clients in, and agrees with what they ask. */
export function welcome(frame: ClientFrame, broker: FakeBroker): void {
  if (frame.type === 'HELLO') {
    broker.send({ type: 'WELCOME', version: 1, connectionId: 7, maxFrameSize: 1_048_576, epoch: 3 });
  } else if (frame.type === 'PING') broker.send({ type: 'PONG', bytes: frame.bytes });
  else if (frame.type === 'CLOSE') {
    broker.send({ type: 'CLOSING', reason: 'goodbye' });
    broker.end();
  } else if ('request' in frame && frame.request > 0) broker.send({ type: 'OK', request: frame.request });
}

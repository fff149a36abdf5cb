/** How a subscriber is handed its messages. */
export type Way = 'callback' | 'iteration';

/**
 * What the bench needs of a client library. Each adapter uses its library as that library's own documentation says, and
 * adds as little as possible.
 */
export interface ClientAdapter {
  /**
   * Subscribe, and hand each payload to `onPayload`, which looks at it and keeps nothing.
   *
   * @returns a function that unsubscribes
   */
  receive(topic: string, way: Way, onPayload: (payload: Uint8Array) => void): Promise<() => Promise<void>>;
  /**
   * Publish these payloads, held back as the library's documentation recommends; resolves when there is room for more. It is
   * not called again before that.
   */
  publish(topic: string, payloads: readonly Buffer[]): Promise<unknown>;
  /** Publish one message; resolves when the broker is known to have it. */
  confirm(topic: string, payload: Buffer): Promise<unknown>;
  /** Answer every request to a topic with its own payload. */
  respond(topic: string): Promise<void>;
  /** Ask once, and wait for the answer. */
  request(topic: string, payload: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** Lets one batch be on its way while the next is handed over: resolves when the batch before this one is done. */
export function oneBehind(): (current: Promise<unknown>) => Promise<unknown> {
  let previous: Promise<unknown> = Promise.resolve();
  return (current) => {
    const before = previous;
    previous = current;
    return before;
  };
}

/** Makes a client that is connected to a broker on 127.0.0.1. */
export type ConnectAdapter = (port: number) => Promise<ClientAdapter>;

import { defer } from './deferred.ts';
import { throwIfAborted, type WaitOptions, waitFor } from './wait.ts';

/** What the waiting for room needs of its client. */
export interface PublishRoomHost {
  /** True while there is room to publish more. */
  hasRoom(): boolean;
  /** True while there is room for much more, or nothing to wait for. */
  hasMuchRoom(): boolean;
  /** Sends what this turn has published. */
  flush(): void;
  /** @throws what closed the client, if it is closed */
  refuseClosed(): void;
}

/** Those who wait until there is room to publish more. */
export class PublishRoom {
  readonly #host: PublishRoomHost;
  readonly #waiting: (() => void)[] = [];

  constructor(host: PublishRoomHost) {
    this.#host = host;
  }

  /** Resolves when there is room to publish more. */
  async ready(options: WaitOptions): Promise<void> {
    const host = this.#host;
    host.refuseClosed();
    throwIfAborted(options.signal, 'waiting to publish');
    // What this turn has published should count, and be on its way.
    host.flush();
    while (!host.hasRoom()) {
      const room = defer<void>();
      this.#waiting.push(room.resolve);
      await waitFor(room.promise, options, 'waiting to publish');
      host.refuseClosed();
    }
  }

  /** There may be room again. */
  wake(): void {
    if (this.#waiting.length === 0 || !this.#host.hasMuchRoom()) return;
    for (const go of this.#waiting.splice(0)) go();
  }
}

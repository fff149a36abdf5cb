import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { forkScript } from '../checkout.ts';
import type { System } from './systems.ts';
import type { SideMessage, Task } from './tasks.ts';

/** A process on one side of a broker. */
export class Side {
  readonly #child: ChildProcess;
  readonly #onReceived: (received: number) => void;
  #settle: { resolve(answer: unknown): void; reject(error: Error): void } | undefined;

  private constructor(child: ChildProcess, onReceived: (received: number) => void) {
    this.#child = child;
    this.#onReceived = onReceived;
    child.on('message', (message: SideMessage) => this.#take(message));
    child.once('exit', (code) => this.#settle?.reject(new Error(`a client process ended with code ${code}`)));
  }

  /**
   * Starts a process that is connected to the broker.
   *
   * @param nodeOptions - more options for Node, such as `--cpu-prof`
   * @param onReceived - called with what this side reports to have received
   */
  static async start(
    { library, checkout }: Pick<System, 'library' | 'checkout'>,
    port: number,
    nodeOptions: readonly string[],
    onReceived: (received: number) => void = () => {},
  ): Promise<Side> {
    const options = { execArgv: [...nodeOptions, '--import', 'tsx'], env: { ...process.env, DEBUG: '' } };
    const child = forkScript('client/side.ts', [library, `${port}`], options, checkout);
    const side = new Side(child, onReceived);
    try {
      await new Promise((resolve, reject) => {
        side.#settle = { resolve, reject };
      });
    } catch (error) {
      child.kill();
      throw error;
    }
    return side;
  }

  /** Gives it a task; resolves with the answer. */
  ask<T>(task: Task): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#settle = { resolve: (answer) => resolve(answer as T), reject };
      this.#child.send(task);
    });
  }

  /** Tells it how far the other side has come. */
  tellReceived(received: number): void {
    if (this.#child.connected) this.#child.send({ received });
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.send({ close: true });
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await gone;
    clearTimeout(timer);
  }

  #take(message: SideMessage): void {
    if ('received' in message) {
      this.#onReceived(message.received);
      return;
    }
    const settle = this.#settle;
    this.#settle = undefined;
    if ('error' in message) settle?.reject(new Error(message.error));
    else settle?.resolve(message.answer);
  }
}

/** A publisher and a subscriber of one library, each in its process. */
export class Pair implements AsyncDisposable {
  readonly publisher: Side;
  readonly subscriber: Side;

  private constructor(publisher: Side, subscriber: Side) {
    this.publisher = publisher;
    this.subscriber = subscriber;
  }

  /** @param nodeOptions - see {@link Side.start} */
  static async start(
    system: Pick<System, 'library' | 'checkout'>,
    port: number,
    nodeOptions: readonly string[] = [],
  ): Promise<Pair> {
    const publisher = await Side.start(system, port, nodeOptions);
    try {
      const relay = (received: number) => publisher.tellReceived(received);
      return new Pair(publisher, await Side.start(system, port, nodeOptions, relay));
    } catch (error) {
      await publisher.close();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.publisher.close(), this.subscriber.close()]);
  }
}

import type { CloseReason } from './close-reason.ts';
import { type Pipeline, startPipeline } from './pipeline.ts';
import type { Closed, Opened, Received } from './pipeline-events.ts';
import type { PipelineOptions } from './pipeline-options.ts';

/** How many loops share the work, as in the seed. */
const CONSUMERS = 10;

/** Who wants to know what happens. */
export interface Onlooker {
  opened?(event: Opened): void;
  closed?(event: Closed): void;
}

/**
 * The seed's echo server: line by line, ten consumers, everything by id. A line that begins with a slash is a command
 * (`/id`, `/send ID TEXT`, `/close ID`, `/idle MS`, `/status`), so that a person with netcat can try what ids can do.
 */
export class EchoServer {
  readonly pipeline: Pipeline;
  #rest: Promise<void> = Promise.resolve();

  private constructor(pipeline: Pipeline) {
    this.pipeline = pipeline;
  }

  /** Starts it. @throws LeveretError `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE` */
  // #region start
  static async start(options: PipelineOptions, onlooker: Onlooker = {}): Promise<EchoServer> {
    const cutting = { by: 'delimiter', delimiter: '\n', limit: 1_000 } as const;
    const pipeline = await startPipeline({ cutting, ...options });
    const server = new EchoServer(pipeline);
    void forEach(pipeline.opened(), (event) => onlooker.opened?.(event));
    for (let one = 0; one < CONSUMERS; one += 1) void server.#consume();
    void forEach(pipeline.closed(), (event) => onlooker.closed?.(event));
    return server;
  }
  // #endregion start

  get host(): string {
    return this.pipeline.host;
  }

  get port(): number {
    return this.pipeline.port;
  }

  /** All consumers stop until this promise is fulfilled. */
  restUntil(end: Promise<void>): void {
    this.#rest = end;
  }

  /** Ends the connections and stops listening. */
  close(): Promise<void> {
    return this.pipeline.shutdown({ deadline: 500 });
  }

  // #region consume
  async #consume(): Promise<void> {
    for await (const piece of this.pipeline.received()) {
      await this.#rest;
      const line = piece.bytes.toString();
      const answer = line.startsWith('/') ? this.#obey(piece, line.slice(1).split(' ')) : line;
      this.pipeline.send(piece.id, Buffer.from(`${answer}\n`));
    }
  }
  // #endregion consume

  #obey({ id }: Received, [command, argument = '', ...words]: string[]): string {
    const { pipeline } = this;
    switch (command) {
      case 'id':
        return id;
      case 'send':
        return pipeline.send(argument, Buffer.from(`${words.join(' ')}\n`)) ? 'sent' : 'that one is gone';
      case 'close':
        return pipeline.close(argument) ? 'closed' : 'that one is gone';
      case 'idle':
        pipeline.setOptions(id, { idleTimeout: Math.min(Number.parseInt(argument, 10) || 0, 3_600_000) });
        return 'ok';
      case 'status':
        return describeStatus(pipeline);
      default:
        return 'commands: /id, /send ID TEXT, /close ID, /idle MS, /status';
    }
  }
}

/** The status of a pipeline as one line for people. */
export function describeStatus(pipeline: Pipeline): string {
  const { connections, accepted, closed, bytesIn, bytesOut } = pipeline.status();
  const reasons = Object.entries(closed) as [CloseReason, number][];
  const counted = reasons.filter(([, count]) => count > 0).map(([reason, count]) => `${count} ${reason}`);
  return `${connections} open of ${accepted}, closed: ${counted.join(', ') || 'none'}; ${bytesIn} bytes in, ${bytesOut} out`;
}

/** Calls a function with each event until there are no more. */
async function forEach<T>(events: AsyncIterable<T>, act: (event: T) => void): Promise<void> {
  for await (const event of events) act(event);
}

import type { Client, ClientEvents, LeveretError } from '../client/index.ts';
import { count, plural } from '../format.ts';

/** One message to be published. */
export interface Outgoing {
  readonly payload: Buffer;
  readonly key: string;
}

/** Messages that are confirmed together: as a rule they go out in one frame, which the broker takes whole or not at all. */
interface Group {
  readonly messages: readonly Outgoing[];
  /** Number of the first one, from 1. */
  readonly first: number;
  readonly bytes: number;
  /** How many connections were lost before it was published. */
  losses: number;
}

/** So much one group holds at most: less than a frame, which has 64 KiB. */
const GROUP_BYTES = 32_768;
const GROUP_MESSAGES = 1_000;
/** What a message is reckoned at beside its bytes. */
const MESSAGE_COST = 64;
/** Bytes that may be unconfirmed: they are kept, to be sent again. */
const MAX_UNCONFIRMED = 8_388_608;

/** How to publish. */
export interface PublicationOptions {
  /** Each message is confirmed for itself, so that duplicates can be counted. */
  readonly oneByOne: boolean;
  /** The topic drops what comes twice with the same key. */
  readonly dedupes: boolean;
  readonly signal: AbortSignal;
  /** Called with a line for people. */
  readonly say: (line: string) => void;
}

/**
 * Publishes at the speed that the connection takes, and keeps what is not confirmed yet: when the connection is lost, exactly
 * that is sent again on the next one. A message whose confirmation was lost may be published twice, unless the topic knows
 * it by its key.
 */
export class Publication {
  /** Messages given so far. */
  given = 0;
  /** Messages that the broker has confirmed. */
  confirmed = 0;
  /** Those of them that it dropped as duplicates. Known only if each is confirmed for itself. */
  duplicates = 0;
  /** Messages that may be there twice. */
  perhapsTwice = 0;
  readonly #client: Client;
  readonly #topic: string;
  readonly #options: PublicationOptions;
  // In the order in which they were given.
  readonly #unconfirmed = new Set<Group>();
  #unconfirmedBytes = 0;
  #losses = 0;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void)[] = [];

  constructor(client: Client, topic: string, options: PublicationOptions) {
    this.#client = client;
    this.#topic = topic;
    this.#options = options;
    options.signal.addEventListener('abort', () => this.#fail(options.signal.reason), { once: true });
    client.on('error', (error) => this.#fail(error));
    client.on('status', (change) => this.#statusChanged(change));
    client.closed.then((error) => error !== undefined && this.#fail(error)).catch(() => {});
  }

  /**
   * Publishes messages, and resolves when there is room for more.
   *
   * @throws what made it impossible, for these or for those before
   */
  async publish(messages: readonly Outgoing[]): Promise<void> {
    let from = 0;
    while (from < messages.length) {
      this.#throwIfFailed();
      let to = from;
      let bytes = 0;
      const most = this.#options.oneByOne ? 1 : GROUP_MESSAGES;
      for (; to < messages.length && to - from < most && (to === from || bytes < GROUP_BYTES); to++) {
        const { payload, key } = messages[to] as Outgoing;
        bytes += payload.length + key.length + MESSAGE_COST;
      }
      const group = { messages: messages.slice(from, to), first: this.given + 1, bytes, losses: 0 };
      this.given += to - from;
      from = to;
      this.#unconfirmed.add(group);
      this.#unconfirmedBytes += bytes;
      this.#send(group);
      if (this.#unconfirmedBytes > MAX_UNCONFIRMED)
        await this.#until(() => this.#unconfirmedBytes < MAX_UNCONFIRMED / 2);
      if (!this.#client.writable) await this.#client.ready({ signal: this.#options.signal });
    }
  }

  /** Resolves when the broker has confirmed everything. @throws as `publish` */
  async finish(): Promise<void> {
    await this.#until(() => this.#unconfirmed.size === 0);
  }

  /** How far it has come, for people; undefined when there is nothing to say. */
  get report(): string | undefined {
    const [group] = this.#unconfirmed;
    if (group === undefined || this.given < 2) return undefined;
    return `${count(this.confirmed)} of ${plural(this.given, 'message')} confirmed; the first that is not is message ${group.first}`;
  }

  #send(group: Group): void {
    group.losses = this.#losses;
    const { messages } = group;
    const last = messages.length - 1;
    try {
      for (let i = 0; i < last; i++) {
        const { payload, key } = messages[i] as Outgoing;
        this.#client.publish(this.#topic, payload, { key });
      }
      const { payload, key } = messages[last] as Outgoing;
      this.#client.publish(this.#topic, payload, { key, confirm: true }).then(
        ({ id }) => this.#isConfirmed(group, id),
        (error: LeveretError) => this.#isRefused(group, error),
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  #isConfirmed(group: Group, id: number | undefined): void {
    const { messages, losses } = group;
    // Sent by two connections: what the first one took with it was not confirmed by the second.
    if (losses !== this.#losses && messages.length > 1) {
      this.#sendAgain(group);
      return;
    }
    if (id === undefined) this.duplicates++;
    this.confirmed += messages.length;
    this.#unconfirmed.delete(group);
    this.#unconfirmedBytes -= group.bytes;
    this.#stir();
  }

  #isRefused(group: Group, error: LeveretError): void {
    if (error.code === 'DISCONNECTED' && this.#client.status !== 'closed') this.#sendAgain(group);
    else this.#fail(error);
  }

  #sendAgain(group: Group): void {
    const { dedupes } = this.#options;
    for (const { key } of group.messages) if (!dedupes || key === '') this.perhapsTwice++;
    this.#send(group);
  }

  #statusChanged({ status, error, attempt }: ClientEvents['status']): void {
    const { say } = this.#options;
    if (status === 'reconnecting' && attempt === 1) {
      this.#losses++;
      say(`${error?.message ?? 'the connection was lost'}: trying to come back`);
    } else if (status === 'connected') {
      say(`connected again; what was not confirmed is sent again`);
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stir();
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #until(condition: () => boolean): Promise<void> {
    for (;;) {
      this.#throwIfFailed();
      if (condition()) return;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  #stir(): void {
    for (const go of this.#wake.splice(0)) go();
  }
}

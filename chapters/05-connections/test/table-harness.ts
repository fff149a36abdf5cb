/** What the socket tests of connection tables share. */
import {
  type CloseReason,
  type Connection,
  type ConnectionOptions,
  ConnectionTable,
  type TableHandlers,
} from '#connections';
import { RawSocket, until } from '../../01-framed-echo/test/raw-socket.ts';

/** A table that listens, the log of what happened to it, and a clock that only the test moves. */
export interface Rig<C> {
  readonly table: ConnectionTable<C>;
  readonly port: number;
  readonly log: { readonly number: number; readonly reason: CloseReason; readonly error?: Error }[];
  /** Moves the clock; no sweep sees the new time before this call. */
  advance(milliseconds: number): void;
  /** Resolves when so many whole sweeps have begun and ended after this call. */
  sweeps(count?: number): Promise<void>;
  connect(reading?: boolean): Promise<RawSocket>;
  /** A client, and the table's side of its connection. */
  pair(reading?: boolean): Promise<{ client: RawSocket; connection: Connection<C> }>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a table on a free port. It sweeps every 2 ms, by a clock that stands still unless it is moved. */
export async function startRig<C = undefined>(
  options: ConnectionOptions = {},
  handlers: Partial<TableHandlers<C>> = {},
): Promise<Rig<C>> {
  let time = 1_000;
  let swept = 0;
  const log: { number: number; reason: CloseReason; error?: Error }[] = [];
  const table = new ConnectionTable<C>(
    { sweepIntervalMs: 2, clock: () => time, ...options },
    {
      received: (connection, chunk) => void connection.write(chunk),
      ...handlers,
      swept: (now) => {
        swept += 1;
        handlers.swept?.(now);
      },
      closed: (connection, reason, error) => {
        log.push({ number: connection.number, reason, ...(error && { error }) });
        handlers.closed?.(connection, reason, error);
      },
    },
  );
  const { port } = await table.listen();
  const clients: RawSocket[] = [];
  async function connect(reading = true): Promise<RawSocket> {
    const client = await RawSocket.connect({ port, reading });
    clients.push(client);
    return client;
  }
  return {
    table,
    port,
    log,
    advance(milliseconds) {
      time += milliseconds;
    },
    async sweeps(count = 2) {
      const target = swept + count;
      await until(() => swept >= target, { what: `${count} sweeps` });
    },
    connect,
    async pair(reading = true) {
      const before = new Set(table);
      const client = await connect(reading);
      const newcomer = () => [...table].find((connection) => !before.has(connection));
      await until(() => newcomer() !== undefined, { what: 'the connection is in the table' });
      return { client, connection: newcomer() as Connection<C> };
    },
    async [Symbol.asyncDispose]() {
      await table.shutdown({ deadlineMs: 0 });
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}

import { FrameReader } from '#framing';
import { openConnection } from './connection.ts';
import { leveretAdapter, ping, subscribe } from './leveret.ts';

const MESSAGES = 0x84;
const ERROR = 0x85;
const PONG = 0x86;

/** Writes that the broker has not yet worked through, at most. */
const ON_THE_WAY = 4;

/** A leveret connection that publishes prepared bytes and knows when the broker has worked through them. */
export interface Probe {
  /** Messages that the broker has sent here. */
  readonly received: number;
  /**
   * Write `bytes` `times` over, at most four of them on their way; resolves when the broker has worked through all.
   * Rejects when the broker answers with an ERROR.
   */
  publish(bytes: Buffer, times: number): Promise<void>;
  /** Subscribe to all that the topic retains, and resolve with the id of the first message. */
  firstRetainedId(topic: string): Promise<number>;
  close(): void;
}

/** Connect to a leveret broker; `first` is sent once it has said WELCOME (CREATE, SUBSCRIBE). */
export async function openProbe(
  target: { readonly host: string; readonly port: number },
  first: Buffer = Buffer.alloc(0),
): Promise<Probe> {
  const connection = await openConnection(target, leveretAdapter(), 'publisher');
  let received = 0;
  let onPong: () => void = () => {};
  let onMessages: (firstId: number) => void = () => {};
  let onError: (error: Error) => void = () => {};
  connection.onLost = (reason) => onError(new Error(`the connection of the probe: ${reason}`));
  const reader = new FrameReader((type, bytes, start, end) => {
    if (type === PONG) onPong();
    else if (type === ERROR)
      onError(new Error(`ERROR from the broker: ${bytes.toString('utf8', start + 8, end)}`));
    else if (type === MESSAGES) {
      const afterTopic = start + 1 + (bytes[start] ?? 0);
      received += bytes.readUInt16BE(afterTopic + 8);
      onMessages(Number(bytes.readBigUInt64BE(afterTopic)));
    }
  });
  connection.onChunk = (bytes, length) => reader.push(bytes.subarray(0, length));

  const publish = (bytes: Buffer, times: number) =>
    new Promise<void>((resolve, reject) => {
      const pass = Buffer.concat([bytes, ping(Buffer.alloc(0))]);
      let sent = 0;
      let done = 0;
      const send = () => {
        sent++;
        connection.write(pass);
      };
      onError = reject;
      onPong = () => {
        done++;
        if (sent < times) send();
        else if (done === times) resolve();
      };
      for (let index = 0; index < Math.min(ON_THE_WAY, times); index++) send();
    });
  const firstRetainedId = (topic: string) =>
    new Promise<number>((resolve, reject) => {
      onError = reject;
      onMessages = (firstId) => {
        onMessages = () => {};
        resolve(firstId);
      };
      connection.write(subscribe(topic, 0, 0));
    });
  if (first.length > 0) await publish(first, 1);
  return {
    get received() {
      return received;
    },
    publish,
    firstRetainedId,
    close: () => connection.close(),
  };
}

import type { BrokerFrame } from './broker-frames.ts';
import type { ClientFrame } from './client-frames.ts';
import { BrokerType, ClientType, Start } from './constants.ts';
import { errorName } from './protocol-error.ts';
import type { WireRecord } from './record.ts';

/** Records and bytes of each that a line shows before it says that there is more. */
const SHOWN_RECORDS = 3;
const SHOWN_BYTES = 32;

const typeNames = new Map<number, string>(
  [...Object.entries(ClientType), ...Object.entries(BrokerType)].map(([name, type]) => [type, name]),
);

/** Name of a frame's type (`'PUBLISH'`), or `undefined` if there is none of that number. */
export function typeName(type: number): string | undefined {
  return typeNames.get(type);
}

/** A frame in one short line for people: `PUBLISH #3 "news" 1 message: k1="hello"`. */
export function describeFrame(frame: ClientFrame | BrokerFrame): string {
  return [typeName(frame.type), ...details(frame)].join(' ');
}

function details(frame: ClientFrame | BrokerFrame): string[] {
  switch (frame.type) {
    case ClientType.HELLO:
      return [`version ${frame.version}`, quote(frame.name), frame.token === '' ? 'no token' : 'token ***'];
    case ClientType.CREATE:
      return [
        request(frame.request),
        quote(frame.topic),
        `retention ${frame.retentionMs} ms dedupe ${frame.dedupeMs} ms`,
      ];
    case ClientType.PUBLISH:
      return [request(frame.request), quote(frame.topic), records(frame.records)];
    case ClientType.SUBSCRIBE:
      return [
        request(frame.request),
        quote(frame.topic),
        startText(frame.start, frame.after),
        `window ${frame.window}`,
        ...(frame.group === '' ? [] : [`group ${quote(frame.group)}`]),
      ];
    case ClientType.UNSUBSCRIBE:
      return [request(frame.request), quote(frame.topic)];
    case ClientType.COMMIT:
      return [quote(frame.topic), `up to ${frame.id}`];
    case ClientType.LAG:
      return [request(frame.request)];
    case ClientType.CLOSE:
      return [];
    case ClientType.PING:
    case ClientType.PONG:
    case BrokerType.PING:
    case BrokerType.PONG:
      return [bytesText(frame.bytes)];
    case BrokerType.WELCOME:
      return [
        `version ${frame.version} connection ${frame.connectionId}`,
        `frames up to ${frame.maxFrameSize} epoch ${frame.epoch}`,
      ];
    case BrokerType.OK:
      return [request(frame.request)];
    case BrokerType.PUBLISHED:
      return [request(frame.request), ids(frame.firstId, frame.count)];
    case BrokerType.MESSAGES:
      return [quote(frame.topic), ids(frame.firstId, frame.records.length), records(frame.records)];
    case BrokerType.ERROR:
      return [request(frame.request), errorName(frame.code) ?? `code ${frame.code}`, quote(frame.reason)];
    case BrokerType.SKIPPED:
      return [quote(frame.topic), `ids ${frame.fromId} to ${frame.toId}`];
    case BrokerType.LAG:
      return [request(frame.request), messages(frame.messages)];
    case BrokerType.CLOSING:
      return [quote(frame.reason)];
  }
}

function request(number: number): string {
  return number === 0 ? '#-' : `#${number}`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function messages(count: number): string {
  return count === 1 ? '1 message' : `${count} messages`;
}

function ids(firstId: number, count: number): string {
  if (count === 0) return 'no ids';
  return count === 1 ? `id ${firstId}` : `ids ${firstId} to ${firstId + count - 1}`;
}

function startText(start: number, after: number): string {
  if (start === Start.AFTER) return `after ${after}`;
  if (start === Start.EARLIEST) return 'from the earliest';
  return start === Start.LATEST ? 'from now' : `start ${start}`;
}

function records(list: readonly WireRecord[]): string {
  const shown = list.slice(0, SHOWN_RECORDS).map(({ key, payload }) => {
    return key === '' ? bytesText(payload) : `${bytesText(Buffer.from(key, 'latin1'))}=${bytesText(payload)}`;
  });
  if (list.length > SHOWN_RECORDS) shown.push('...');
  return `(${messages(list.length)}) ${shown.join(' ')}`.trimEnd();
}

/** Bytes as text in quotes where they are printable ASCII, otherwise as hexadecimal; cut when long. */
export function bytesText(bytes: Buffer): string {
  const head = bytes.subarray(0, SHOWN_BYTES);
  const printable = head.every((byte) => byte >= 0x20 && byte < 0x7f);
  const text = printable ? quote(head.toString('latin1')) : `0x${head.toString('hex')}`;
  return bytes.length > SHOWN_BYTES ? `${text}... (${bytes.length} bytes)` : text;
}

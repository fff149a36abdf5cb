import { isUtf8 } from 'node:buffer';
import pc from 'picocolors';
import type { Message } from '../client/index.ts';
import { printable } from './text.ts';

/** How a message is printed: for people, for programs, or its payload alone. */
export type MessageFormat = 'readable' | 'json' | 'raw';

const LINE_END = Buffer.from('\n');

/** One message as a line. */
export function formatMessage(message: Message, format: MessageFormat): Buffer {
  if (format === 'raw') return Buffer.concat([message.view, LINE_END]);
  return Buffer.from(`${format === 'json' ? jsonLine(message) : readableLine(message)}\n`);
}

/** Payloads that are no text are given in base64, under another name. */
function jsonLine(message: Message): string {
  const { topic, id, key, view } = message;
  const payload = isUtf8(view)
    ? { payload: message.text() }
    : { payloadBase64: Buffer.from(view).toString('base64') };
  return JSON.stringify({ topic, id, ...(key === '' ? {} : { key }), ...payload });
}

function readableLine(message: Message): string {
  const { topic, id, key, view } = message;
  const text = isUtf8(view) ? printable(message.text()) : `(${view.length} bytes) ${hexOf(view)}`;
  const name = key === '' ? '' : ` ${pc.yellow(`[${printable(key)}]`)}`;
  return `${pc.cyan(printable(topic))} ${pc.dim(String(id))}${name} ${text}`;
}

const SHOWN_BYTES = 64;

function hexOf(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, SHOWN_BYTES)).toString('hex');
  return bytes.length > SHOWN_BYTES ? `${shown}…` : shown;
}

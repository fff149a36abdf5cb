import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseAddress } from '../address.ts';
import { FrameSplitter } from '../frame-splitter.ts';
import { seeded } from './support.ts';

test('addresses', () => {
  const cases: [string, string, number, string, string | undefined][] = [
    ['leveret://host', 'host', 7410, 'leveret://host:7410', undefined],
    ['leverets://host:1', 'host', 1, 'leverets://host:1', undefined],
    ['leveret://host:80', 'host', 80, 'leveret://host:80', undefined],
    ['leveret://t%40k:en@[::1]:99', '::1', 99, 'leveret://[::1]:99', 't@k:en'],
    ['ws://host', 'host', 80, 'ws://host:80/leveret', undefined],
    ['wss://host/x?y=1', 'host', 443, 'wss://host:443/x?y=1', undefined],
  ];
  for (const [url, host, port, text, token] of cases) {
    const address = parseAddress(url);
    assert.is(address.host, host, url);
    assert.is(address.port, port, url);
    assert.is(address.text, text, url);
    assert.is(address.token, token, url);
  }
});

const STREAM = [
  [1, ''],
  [2, 'hello'],
  [3, 'x'.repeat(300)],
  [4, ''],
  [255, 'end'],
] as const;

function streamBytes(): Buffer {
  return Buffer.concat(
    STREAM.map(([type, body]) => {
      const head = Buffer.alloc(5);
      head.writeUInt32BE(1 + body.length);
      head[4] = type;
      return Buffer.concat([head, Buffer.from(body)]);
    }),
  );
}

function split(chunks: Uint8Array[]): [number, string][] {
  const frames: [number, string][] = [];
  const splitter = new FrameSplitter(1000, (type, bytes, start, end) => {
    frames.push([type, Buffer.from(bytes.subarray(start, end)).toString()]);
  });
  for (const chunk of chunks) splitter.push(chunk);
  return frames;
}

test('frames come out whole wherever the stream is cut', () => {
  const bytes = streamBytes();
  const expected = STREAM.map(([type, body]) => [type, body]);
  assert.equal(split([bytes]), expected);
  assert.equal(split([...bytes].map((byte) => new Uint8Array([byte]))), expected);
  for (let i = 1; i < bytes.length; i++)
    assert.equal(split([bytes.subarray(0, i), bytes.subarray(i)]), expected);
  const random = seeded(5);
  for (let run = 0; run < 200; run++) {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + 1 + Math.floor(random() * 60));
      chunks.push(bytes.subarray(at, end));
      at = end;
    }
    assert.equal(split(chunks), expected);
  }
});

test('a size beyond the limit, and one of 0, are refused before there is memory for it', () => {
  assert.throws(() => split([new Uint8Array([0xff, 0xff, 0xff, 0xff, 1])]), /a frame of 4294967295 bytes/);
  assert.throws(() => split([new Uint8Array([0, 0, 0, 0]), new Uint8Array([1])]), /a frame of 0 bytes/);
});

test.run();

import assert from 'node:assert';
import { test } from 'node:test';
import {
  type Closed,
  type Cutting,
  DelimiterReader,
  type Opened,
  Pipeline,
  type PipelineOptions,
  type Received,
} from '#connections';
// #region door
import { encodeFrame, FrameReader } from '#framing';
// #endregion door
import { RawSocket, until } from '../../01-framed-echo/test/raw-socket.ts';

const timeout = 20_000;
const MIB = 1_048_576;

/** A pipeline whose three streams are taken by as many consumers as told, each doing what it is told. */
interface Bench {
  readonly pipeline: Pipeline;
  readonly opened: Opened[];
  readonly received: Received[];
  readonly closed: Closed[];
  connect(reading?: boolean): Promise<RawSocket>;
  /** Starts consumers of `received()`. */
  consume(count: number, work?: (piece: Received) => void | Promise<void>): void;
  [Symbol.asyncDispose](): Promise<void>;
}

async function startBench(options: PipelineOptions = {}): Promise<Bench> {
  const pipeline = new Pipeline({ sweepIntervalMs: 2, ...options });
  const { port } = await pipeline.table.listen();
  const clients: RawSocket[] = [];
  const loops: Promise<void>[] = [];
  const bench: Bench = {
    pipeline,
    opened: [],
    received: [],
    closed: [],
    async connect(reading = true) {
      const client = await RawSocket.connect({ port, reading });
      clients.push(client);
      return client;
    },
    consume(count, work) {
      for (let one = 0; one < count; one++) loops.push(consumer(work));
    },
    async [Symbol.asyncDispose]() {
      await pipeline.shutdown({ deadlineMs: 0 });
      await Promise.all(loops); // every loop ends when the pipeline does
      await Promise.all(clients.map((client) => client.close()));
    },
  };
  async function consumer(work?: (piece: Received) => void | Promise<void>): Promise<void> {
    for await (const piece of pipeline.received) {
      bench.received.push(piece);
      await work?.(piece);
    }
  }
  async function watch<T>(events: AsyncIterable<T>, log: T[]): Promise<void> {
    for await (const event of events) log.push(event);
  }
  loops.push(watch(pipeline.opened, bench.opened), watch(pipeline.closed, bench.closed));
  return bench;
}

const lines: Cutting = (onPiece) => new DelimiterReader(onPiece, { maxPieceBytes: 1_000 });

/** Frames of chapter 1: a way of cutting from outside the chapter. A piece is the type, and the body. */
const frames: Cutting = (onPiece) =>
  new FrameReader((_type, bytes, start, end) => onPiece(Buffer.from(bytes.subarray(start - 1, end))), {
    limit: 100,
  });

const text = (pieces: readonly Received[]): string[] => pieces.map(({ bytes }) => String(bytes));

test('the echo server of the seed: open, echo by ten consumers, close', { timeout }, async () => {
  await using bench = await startBench();
  const { pipeline } = bench;
  bench.consume(10, ({ id, bytes }) => void pipeline.send(id, bytes));
  const clients = await Promise.all(Array.from({ length: 20 }, () => bench.connect()));
  await until(() => bench.opened.length === 20);
  assert.strictEqual(new Set(bench.opened.map(({ id }) => id)).size, 20);
  const ports = bench.opened.map(({ remoteAddress }) => Number(remoteAddress?.split(':').at(-1)));
  assert.deepStrictEqual(new Set(ports), new Set(clients.map(({ localPort }) => localPort)));
  for (const [index, client] of clients.entries()) client.write(Buffer.from(`client ${index}`));
  for (const [index, client] of clients.entries()) await client.expect(Buffer.from(`client ${index}`));

  const id = JSON.parse(JSON.stringify(bench.opened[0])).id as string;
  const mine = clients.find(({ localPort }) => bench.opened[0]?.remoteAddress?.endsWith(`:${localPort}`));
  pipeline.table.get(id)?.end('local');
  await mine?.expectClosed('end');
  await mine?.close();
  await until(() => bench.closed.length === 1);
  assert.deepStrictEqual(bench.closed, [{ id, reason: 'local', error: undefined }]);
  assert.strictEqual(pipeline.send(id, Buffer.from('x')), false);
  assert.strictEqual(pipeline.table.get(id), undefined);
  assert.strictEqual(pipeline.send('nonsense', Buffer.from('x')), false);
});

test('the order of a connection holds though ten consumers take their time', { timeout }, async () => {
  await using bench = await startBench({ cutting: lines });
  let atWork = 0;
  let most = 0;
  bench.consume(10, async ({ id, bytes }) => {
    atWork += 1;
    most = Math.max(most, atWork);
    // The earlier a piece came, the longer its work takes: without care they would overtake each other.
    for (let turns = 20 - Number(bytes); turns > 0; turns--) await new Promise(setImmediate);
    atWork -= 1;
    bench.pipeline.send(id, Buffer.concat([bytes, Buffer.from('\n')]));
  });
  const clients = await Promise.all(Array.from({ length: 5 }, () => bench.connect()));
  const all = Buffer.from(Array.from({ length: 20 }, (_, index) => `${index}\n`).join(''));
  for (const client of clients) client.write(all);
  for (const client of clients) await client.expect(all);
  assert.ok(most > 1, 'the consumers did not share the work');
});

test('a delimiter may be cut anywhere', { timeout }, async () => {
  await using bench = await startBench({
    cutting: (onPiece) => new DelimiterReader(onPiece, { delimiter: '\r\n' }),
  });
  bench.consume(1);
  const client = await bench.connect();
  await client.writeInPieces(Buffer.from('one\r\ntwo\r\n\r\nfour\r\n'));
  await until(() => bench.received.length === 4);
  assert.deepStrictEqual(text(bench.received), ['one', 'two', '', 'four']);
});

test('a delimiter that is never sent closes that connection, and no other', { timeout }, async () => {
  await using bench = await startBench({ cutting: lines });
  bench.consume(2);
  const bystander = await bench.connect();
  const client = await bench.connect();
  client.write(Buffer.from(`first\n${'x'.repeat(100_000)}`));
  await until(() => bench.closed.length === 1);
  assert.strictEqual(bench.closed[0]?.reason, 'bad-input');
  assert.match(String(bench.closed[0]?.error), /limit of 1000 bytes/);
  bystander.write(Buffer.from('still here\n'));
  await until(() => bench.received.length === 2);
  assert.deepStrictEqual(text(bench.received), ['first', 'still here']);
});

test('frames, cut by a reader of our own; broken ones close the connection', { timeout }, async () => {
  await using bench = await startBench({ cutting: frames });
  bench.consume(1);
  const client = await bench.connect();
  await client.writeInPieces(
    Buffer.concat([encodeFrame(7, Buffer.from('seven')), encodeFrame(8, Buffer.alloc(0))]),
  );
  await until(() => bench.received.length === 2);
  assert.deepStrictEqual(
    bench.received.map(({ bytes }) => [bytes[0], bytes.toString('utf8', 1)]),
    [
      [7, 'seven'],
      [8, ''],
    ],
  );
  client.write('00000065 01');
  const resetting = await bench.connect();
  resetting.write('00000010 01 6869');
  await until(() => bench.pipeline.status().bytesIn >= 14 + 5 + 7);
  resetting.reset();
  const ending = await bench.connect();
  ending.write('00000010 01 6869');
  ending.end();
  await until(() => bench.closed.length === 3);
  const codes = bench.closed.map(({ reason, error }) => [
    reason,
    (error as { code?: string } | undefined)?.code,
  ]);
  for (const expected of ['bad-input,TOO_LARGE', 'error,ECONNRESET', 'bad-input,TRUNCATED']) {
    assert.ok(
      codes.some((code) => String(code) === expected),
      `${expected} is missing in ${codes.join(' ')}`,
    );
  }
});

test('a consumer that does not read stops the sockets; nothing grows and nothing is lost', {
  timeout,
}, async () => {
  const queueBytes = 100_000;
  await using bench = await startBench({ queueBytes, highWaterMark: 16_384 });
  const { pipeline } = bench;
  const clients = await Promise.all(Array.from({ length: 4 }, () => bench.connect()));
  const size = 16 * MIB;
  for (const [index, client] of clients.entries()) client.write(Buffer.alloc(size, index));
  await until(() => pipeline.status().paused);
  // Time for everything to come that will come: it has stopped when two looks see the same.
  let before = -1;
  await until(async () => {
    const { bytesIn } = pipeline.status();
    const same = bytesIn === before;
    before = bytesIn;
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    return same;
  });
  const { waiting, bytesIn } = pipeline.status();
  assert.ok(waiting.receivedBytes <= queueBytes + 65_536 + 128, `${waiting.receivedBytes} bytes wait`);
  assert.ok(bytesIn <= waiting.receivedBytes, `${bytesIn} bytes were taken from the sockets`);
  assert.ok(
    clients.every((client) => client.unsent > 0),
    'the clients did not have to wait',
  );

  const sums = new Map<string, number>();
  bench.consume(3, ({ id, bytes }) => void sums.set(id, (sums.get(id) ?? 0) + bytes.length));
  await until(() => sums.size === 4 && [...sums.values()].every((sum) => sum === size), {
    deadlineMs: 15_000,
  });
  const end = pipeline.status();
  assert.deepStrictEqual([end.paused, end.waiting.receivedBytes], [false, 0]);
});

test('one connection that sends much is stopped alone', { timeout }, async () => {
  await using bench = await startBench({ cutting: lines });
  const { pipeline } = bench;
  const greedy = await bench.connect();
  greedy.write(Buffer.alloc(32 * MIB, 'much\n'));
  await until(() => greedy.unsent > 0 && pipeline.status().waiting.receivedBytes > 10_000);
  assert.strictEqual(pipeline.status().paused, false);
  const modest = await bench.connect();
  const { bytesIn } = pipeline.status();
  modest.write(Buffer.from('little\n'));
  await until(() => pipeline.status().bytesIn === bytesIn + 7, { what: 'only the modest one is read' });
  bench.consume(1);
  await until(() => text(bench.received).includes('little'));
  const before = text(bench.received).indexOf('little');
  assert.strictEqual(before, 1, 'it comes right after the first piece of the greedy one');
});

test('an echo that is not read does not pile up: who does not take is not read', { timeout }, async () => {
  await using bench = await startBench({ sendQueueBytes: 8 * MIB, writeTimeoutMs: 0 });
  const { pipeline } = bench;
  bench.consume(4, ({ id, bytes }) => void pipeline.send(id, bytes));
  const client = await bench.connect(false);
  const size = 64 * MIB;
  client.write(Buffer.alloc(size, 5));
  await until(() => pipeline.status().queuedBytes > 0);
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
  assert.ok(pipeline.status().queuedBytes < 2 * MIB, `${pipeline.status().queuedBytes} bytes wait`);
  assert.ok(client.unsent > 0, 'the client did not have to wait');
  client.startReading();
  assert.strictEqual((await client.read(size)).length, size);
});

test('a peer that others send to, and that does not read, is closed as slow at its limit', {
  timeout,
}, async () => {
  await using bench = await startBench({ sendQueueBytes: MIB });
  await bench.connect(false);
  await until(() => bench.opened.length === 1);
  const id = bench.opened[0]?.id ?? '';
  let sent = 0;
  while (bench.pipeline.send(id, Buffer.alloc(65_536))) sent += 65_536;
  assert.ok(sent >= MIB, `it was slow after ${sent} bytes`);
  await until(() => bench.closed.length === 1);
  assert.strictEqual(bench.closed[0]?.reason, 'slow');
});

test('a client that has sent all and ends its side still gets all its answers', { timeout }, async () => {
  await using bench = await startBench({ cutting: lines });
  bench.consume(3, async ({ id, bytes }) => {
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    bench.pipeline.send(id, Buffer.concat([bytes, Buffer.from('!\n')]));
  });
  const client = await bench.connect();
  client.write(Buffer.from('one\ntwo\nthree\n'));
  client.end();
  await client.expect(Buffer.from('one!\ntwo!\nthree!\n'));
  await client.expectClosed('end');
  await until(() => bench.closed.length === 1);
  assert.strictEqual(bench.closed[0]?.reason, 'peer');
});

test('newcomers are turned away while nobody takes the events', { timeout }, async () => {
  const pipeline = new Pipeline({ maxEvents: 2 });
  const clients: RawSocket[] = [];
  try {
    const { port } = await pipeline.table.listen();
    const connect = async (): Promise<void> => void clients.push(await RawSocket.connect({ port }));
    for (let count = 0; count < 5; count++) await connect();
    await until(() => pipeline.status().closed.denied === 3);
    assert.deepStrictEqual([pipeline.status().waiting.opened, pipeline.status().connections], [2, 2]);
    await pipeline.opened[Symbol.asyncIterator]().next();
    await connect();
    await until(() => pipeline.status().connections === 3);
    assert.strictEqual(pipeline.status().waiting.closed, 0, 'a close was reported that had no open');
  } finally {
    await pipeline.shutdown({ deadlineMs: 0 });
    await Promise.all(clients.map((client) => client.close()));
  }
});

test('shutdown ends the three loops when they are empty', { timeout }, async () => {
  const pipeline = new Pipeline({ cutting: lines });
  const { port } = await pipeline.table.listen();
  await using client = await RawSocket.connect({ port });
  client.write(Buffer.from('one\ntwo\n'));
  await until(() => pipeline.status().waiting.receivedBytes === 2 * (3 + 128), { what: 'both pieces wait' });
  await pipeline.shutdown({ deadlineMs: 0 });
  const received: string[] = [];
  for await (const { bytes, id } of pipeline.received) {
    received.push(String(bytes));
    assert.strictEqual(pipeline.send(id, bytes), false, 'something was sent to one that is gone');
  }
  const events: unknown[] = [];
  for await (const { id } of pipeline.opened) events.push(id);
  for await (const { id, reason } of pipeline.closed) events.push(id, reason);
  assert.deepStrictEqual(received, ['one', 'two']);
  assert.deepStrictEqual(events, [events[0], events[0], 'shutdown']);
});

test('a consumer that leaves its loop lets its connection go', { timeout }, async () => {
  await using bench = await startBench({ cutting: lines });
  const client = await bench.connect();
  client.write(Buffer.from('one\ntwo\n'));
  for await (const { bytes } of bench.pipeline.received) {
    assert.strictEqual(String(bytes), 'one');
    break;
  }
  bench.consume(1);
  await until(() => bench.received.length === 1);
  assert.deepStrictEqual(text(bench.received), ['two']);
});

test('pieces are copies: they do not change, and do not keep what they came in', { timeout }, async () => {
  const cutting: Cutting = (onPiece) => new DelimiterReader(onPiece, { maxPieceBytes: 50_000 });
  await using bench = await startBench({ cutting });
  bench.consume(1);
  const client = await bench.connect();
  client.write(Buffer.from(`first\n${'y'.repeat(40_000)}\nfirst\n`));
  await until(() => bench.received.length === 3);
  const [first, large] = bench.received.map(({ bytes }) => bytes);
  assert.ok(first !== undefined && large !== undefined, 'no pieces came');
  // Small Buffers share a pool of Node's; one of this size has its memory for itself, and a read buffer is larger.
  assert.strictEqual(large.buffer.byteLength, 40_000, 'a piece keeps more memory than its own bytes');
  first.fill('z');
  assert.strictEqual(String(bench.received[2]?.bytes), 'first');
});

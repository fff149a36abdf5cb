import * as assert from 'node:assert';
import { test } from 'uvu';
import { type Connection, Inbox, type Received, WorkQueue } from '#connections';

/** An inbox of a connection that has no more than an id. */
function inboxOf(queue: WorkQueue, id: string): Inbox {
  return new Inbox({ id } as Connection<Inbox>, (onPiece) => ({ push: onPiece, end() {} }), queue);
}

function push(queue: WorkQueue, inbox: Inbox, ...pieces: string[]): void {
  for (const piece of pieces) queue.push(inbox, Buffer.from(piece));
}

const consumer = (queue: WorkQueue): AsyncGenerator<Received, void, undefined> =>
  queue[Symbol.asyncIterator]();
const text = ({ value }: IteratorResult<Received, void>): string | undefined => value?.bytes.toString();

test('the second piece of an inbox waits until the first is done', async () => {
  const queue = new WorkQueue();
  push(queue, inboxOf(queue, 'a'), 'a1', 'a2');
  const [one, other] = [consumer(queue), consumer(queue)];
  assert.strictEqual(text(await one.next()), 'a1');
  const second = other.next();
  let came = false;
  void second.then(() => {
    came = true;
  });
  await new Promise(setImmediate);
  assert.strictEqual(came, false, 'two consumers were at work on one inbox');
  void one.next();
  assert.strictEqual(text(await second), 'a2');
});

test('inboxes take turns: one that has much does not keep the others waiting', async () => {
  const queue = new WorkQueue();
  push(queue, inboxOf(queue, 'busy'), 'a1', 'a2', 'a3');
  push(queue, inboxOf(queue, 'quiet'), 'b1');
  const one = consumer(queue);
  const order: unknown[] = [];
  for (let count = 0; count < 4; count++) order.push((await one.next()).value);
  assert.deepStrictEqual(
    (order as Received[]).map(({ id, bytes }) => `${id} ${bytes}`),
    ['busy a1', 'quiet b1', 'busy a2', 'busy a3'],
  );
});

test('a consumer that waits gets the next piece', async () => {
  const queue = new WorkQueue();
  const inbox = inboxOf(queue, 'a');
  const [one, other] = [consumer(queue), consumer(queue)];
  const [first, second] = [one.next(), other.next()];
  push(queue, inbox, 'a1', 'a2');
  assert.strictEqual(text(await first), 'a1');
  void one.next();
  assert.strictEqual(text(await second), 'a2');
});

test('what an inbox reads waits in it, and a consumer that leaves its loop lets it go', async () => {
  const queue = new WorkQueue();
  const inbox = inboxOf(queue, 'a');
  inbox.reader.push(Buffer.from('a1'));
  inbox.reader.push(Buffer.from('a2'));
  for await (const { bytes } of queue) {
    assert.strictEqual(String(bytes), 'a1');
    assert.strictEqual(inbox.busy, true, 'nobody is at work on it');
    break;
  }
  assert.strictEqual(inbox.busy, false, 'it is busy for ever');
  assert.strictEqual(text(await consumer(queue).next()), 'a2');
});

test('it knows what waits and what that costs, and tells of every change', async () => {
  const changes: string[] = [];
  const queue: WorkQueue = new WorkQueue((inbox) =>
    changes.push(`${inbox.length} ${inbox.busy} ${queue.cost}`),
  );
  push(queue, inboxOf(queue, 'a'), 'four', 'seventy');
  assert.strictEqual(queue.cost, 4 + 7 + 2 * 128);
  const one = consumer(queue);
  await one.next();
  assert.strictEqual(queue.cost, 7 + 128);
  await one.next();
  void one.next();
  await new Promise(setImmediate);
  assert.strictEqual(queue.cost, 0);
  assert.deepStrictEqual(changes, ['1 false 132', '2 false 267', '1 false 135', '0 false 0']);
});

test('a closed queue gives out what is left, and then ends', async () => {
  const queue = new WorkQueue();
  push(queue, inboxOf(queue, 'a'), 'one', 'last');
  queue.close();
  const pieces: string[] = [];
  for await (const { bytes } of queue) pieces.push(String(bytes));
  assert.deepStrictEqual(pieces, ['one', 'last']);
  const other = new WorkQueue();
  const waiting = consumer(other).next();
  other.close();
  assert.strictEqual((await waiting).done, true, 'a consumer that waits is not told of the end');
});

test('thousands of pieces keep their order', async () => {
  const queue = new WorkQueue();
  const inbox = inboxOf(queue, 'a');
  for (let count = 0; count < 10_000; count++) push(queue, inbox, String(count));
  const one = consumer(queue);
  for (let count = 0; count < 10_000; count++) assert.strictEqual(text(await one.next()), String(count));
});

test('consumers that never wait leave the event loop its turns', async () => {
  const queue = new WorkQueue();
  const inbox = inboxOf(queue, 'a');
  for (let count = 0; count < 5_000; count++) push(queue, inbox, 'x');
  let turns = 0;
  let counting: NodeJS.Immediate;
  const count = (): void => {
    turns += 1;
    counting = setImmediate(count);
  };
  counting = setImmediate(count);
  try {
    const one = consumer(queue);
    while (queue.cost > 0) await one.next();
  } finally {
    clearImmediate(counting);
  }
  assert.ok(turns >= 5, `the event loop had ${turns} turns while 5,000 pieces were handed out`);
});

test.run();

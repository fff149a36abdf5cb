import * as assert from 'node:assert';
import { test } from 'uvu';
import { Line, type Work, WorkQueue } from '#connections';

interface Named extends Work {
  readonly name: string;
}

const named = (name: string): Named => ({ name, bytes: Buffer.from(name) });

function queueOf(...pushes: [Line<Named>, string][]): WorkQueue<Named, Line<Named>> {
  const queue = new WorkQueue<Named, Line<Named>>();
  for (const [line, name] of pushes) queue.push(line, named(name));
  return queue;
}

test('the second piece of a line waits until the first is done', async () => {
  const line = new Line<Named>();
  const queue = queueOf([line, 'a1'], [line, 'a2']);
  assert.strictEqual((await queue.take())?.work.name, 'a1');
  const second = queue.take();
  let came = false;
  void second.then(() => {
    came = true;
  });
  await new Promise(setImmediate);
  assert.strictEqual(came, false, 'two consumers were at work on one line');
  queue.release(line);
  assert.strictEqual((await second)?.work.name, 'a2');
});

test('lines take turns: one that has much does not keep the others waiting', async () => {
  const [busy, quiet] = [new Line<Named>(), new Line<Named>()];
  const queue = queueOf([busy, 'a1'], [busy, 'a2'], [busy, 'a3'], [quiet, 'b1']);
  const order: string[] = [];
  for (let count = 0; count < 4; count++) {
    const taken = await queue.take();
    assert.ok(taken);
    order.push(taken.work.name);
    queue.release(taken.line);
  }
  assert.deepStrictEqual(order, ['a1', 'b1', 'a2', 'a3']);
});

test('a consumer that waits gets the next piece', async () => {
  const line = new Line<Named>();
  const queue = queueOf();
  const waiting = [queue.take(), queue.take()];
  queue.push(line, named('a1'));
  queue.push(line, named('a2'));
  assert.strictEqual((await waiting[0])?.work.name, 'a1');
  queue.release(line);
  assert.strictEqual((await waiting[1])?.work.name, 'a2');
});

test('it knows what waits and what that costs', async () => {
  const line = new Line<Named>();
  const queue = queueOf([line, 'four'], [line, 'seventy']);
  assert.strictEqual(queue.size, 2);
  assert.strictEqual(queue.cost, 4 + 7 + 2 * 128);
  assert.strictEqual(line.cost, queue.cost);
  await queue.take();
  assert.strictEqual(queue.size, 1);
  assert.strictEqual(queue.cost, 7 + 128);
  queue.release(line);
  await queue.take();
  assert.deepStrictEqual([queue.size, queue.cost, line.cost], [0, 0, 0]);
});

test('a closed queue gives out what is left, and then ends', async () => {
  const line = new Line<Named>();
  const queue = queueOf([line, 'last']);
  queue.close();
  assert.strictEqual((await queue.take())?.work.name, 'last');
  assert.strictEqual(await queue.take(), undefined);
  const other = queueOf();
  const waiting = other.take();
  other.close();
  assert.strictEqual(await waiting, undefined);
});

test('thousands of pieces keep their order', async () => {
  const line = new Line<Named>();
  const queue = queueOf();
  for (let count = 0; count < 10_000; count++) queue.push(line, named(String(count)));
  for (let count = 0; count < 10_000; count++) {
    assert.strictEqual((await queue.take())?.work.name, String(count));
    queue.release(line);
  }
});

test('consumers that never wait leave the event loop its turns', async () => {
  const line = new Line<Named>();
  const queue = queueOf();
  for (let count = 0; count < 5_000; count++) queue.push(line, named('x'));
  let turns = 0;
  let counting: NodeJS.Immediate;
  const count = (): void => {
    turns += 1;
    counting = setImmediate(count);
  };
  counting = setImmediate(count);
  try {
    while (queue.size > 0) {
      await queue.take();
      queue.release(line);
    }
  } finally {
    clearImmediate(counting);
  }
  assert.ok(turns >= 5, `the event loop had ${turns} turns while 5,000 pieces were handed out`);
});

test.run();

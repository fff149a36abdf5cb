/** The engine in memory, as far as what it sends: frames, their sizes, their order, and what a full socket does. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Start } from '#protocol';
import { endTurn, makeWorld, type NoteBook } from './engine-world.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => `${i + 1}`);

/** All messages that came, in their order, as text. */
function texts(book: NoteBook): string[] {
  return book.takeFrames().flatMap((frame) => {
    if (frame.type !== 'MESSAGES') return [frame.type];
    return frame.records.map(({ payload }) => Buffer.from(payload).toString());
  });
}

const frames = suite('frames out');

frames(
  'what one turn has brought to a topic goes out as one frame, with the id of its first message',
  async () => {
    const { join } = makeWorld();
    const [ann, ben] = [join(), join()];
    ben.subscribe('t');
    ann.publish('t', 'a', ['k', 'b']);
    ann.publish('t', 'c');
    assert.equal(ben.take(), [], 'before the turn ends');
    await endTurn();
    assert.equal(ben.take(), ['t 1: a k=b c'], 'at its end');
    ann.publish('t', 'd');
    await endTurn();
    assert.equal(ben.take(), ['t 4: d'], 'the next turn');
    assert.equal([ben.client.lag, ann.take().length], [0, 0], 'nothing more waits, and nobody else got it');
  },
);

frames('what is delivered is a copy: the bytes of the read that brought it may be overwritten', async () => {
  const { join } = makeWorld();
  const [ann, ben] = [join(), join()];
  ann.create('t', 60_000);
  ben.subscribe('t');
  // The test overwrites the bytes after each publish.
  ann.publish('t', 'hello');
  await endTurn();
  assert.equal(ben.take(), ['t 1: hello'], 'what the subscriber got');
  ben.subscribe('t', { start: Start.EARLIEST });
  ben.client.deliver();
  assert.equal(ben.take(), ['t 1: hello'], 'what the topic retains');
});

frames('no frame is larger than maxFrameSize, and all arrive in order', async () => {
  const { join } = makeWorld({ maxFrameSize: 200 });
  const [ann, ben] = [join(), join()];
  ben.subscribe('topic');
  const sent = numbers(100).map((text) => text.padStart((Number(text) * 7) % 150, '.'));
  ann.publish('topic', ...sent);
  await endTurn();
  assert.ok(
    ben.sizes.every((size) => size <= 200),
    `sizes of the frames: ${ben.sizes}`,
  );
  assert.ok(ben.sizes.length < 80, `${ben.sizes.length} frames for 100 messages: they share frames`);
  assert.equal(texts(ben), sent, 'the messages');
});

frames('a message that fills a frame to the last byte is sent', async () => {
  const { join } = makeWorld({ maxFrameSize: 200 });
  const [ann, ben] = [join(), join()];
  ben.subscribe('t');
  ann.publish('t', 'a', 'x'.repeat(200 - 12 - 1 - 6), 'b');
  await endTurn();
  assert.equal(ben.sizes, [20, 200, 20], 'sizes of the frames');
});

frames('a frame of many messages ends near 64 KiB, so that others have their turn', async () => {
  const { join } = makeWorld();
  const [ann, ben] = [join(), join()];
  ben.subscribe('t');
  ann.publish('t', ...Array.from({ length: 100 }, () => 'x'.repeat(10_000)), 'y'.repeat(500_000));
  await endTurn();
  const [large, ...others] = [...ben.sizes].sort((a, b) => b - a);
  assert.ok((large ?? 0) > 500_000, 'a message larger than that goes alone');
  assert.ok(
    others.every((size) => size <= 70_000),
    `sizes of the other frames: ${others}`,
  );
  assert.ok(others.length <= 20, `${others.length} frames for 100 messages: they share frames`);
});

frames('topics take turns', async () => {
  const { join } = makeWorld({ maxFrameSize: 100 });
  const [ann, ben] = [join(), join()];
  for (const topic of ['a', 'b']) ben.subscribe(topic);
  ann.publish('a', ...Array.from({ length: 6 }, () => 'x'.repeat(70)));
  ann.publish('b', 'y'.repeat(70));
  await endTurn();
  const topics = ben.takeFrames().map((frame) => ('topic' in frame ? frame.topic : frame.type));
  assert.is(topics.length, 7, 'frames');
  assert.ok(topics.indexOf('b') <= 1, `b has to wait for all of a: ${topics}`);
});

frames('ids that are gone are told before the messages behind them', async () => {
  const { join } = makeWorld({ maxRetainedBytes: 2_500 });
  const [ann, ben] = [join(), join()];
  ann.create('t', 60_000);
  for (let i = 0; i < 8; i++) ann.publish('t', 'x'.repeat(500));
  ben.subscribe('t', { start: Start.AFTER, after: 1 });
  ben.client.deliver();
  const [first, second, ...rest] = ben.takeFrames();
  assert.ok(first?.type === 'SKIPPED', `not SKIPPED but ${first?.type}`);
  assert.equal([first.topic, first.fromId], ['t', 2], 'from the first that is gone');
  assert.ok(second?.type === 'MESSAGES', `not MESSAGES but ${second?.type}`);
  assert.is(second.firstId, first.toId + 1, 'then the first that is kept');
  assert.is(second.firstId + second.records.length - 1, 8, 'up to the last');
  assert.is(rest.length, 0, 'and nothing more');
});

frames.run();

const flow = suite('windows and full sockets');

flow('a window closes after so many, and a commit opens it by as many', async () => {
  const { join } = makeWorld();
  const [ann, ben] = [join(), join()];
  ben.subscribe('t', { window: 2 });
  ann.publish('t', ...numbers(5));
  await endTurn();
  assert.equal(ben.take(), ['t 1: 1 2'], 'the window is full');
  assert.is(ben.client.lag, 5, 'nothing is settled');
  ben.client.commit('t', 1);
  ben.client.deliver();
  assert.equal(ben.take(), ['t 3: 3'], 'one more for one commit');
  ben.client.commit('t', 3);
  ben.client.deliver();
  assert.equal(ben.take(), ['t 4: 4 5'], 'two more');
  ben.client.commit('t', 5);
  assert.is(ben.client.lag, 0, 'all is settled');
});

flow('a closed window of one topic does not hold up another', async () => {
  const { join } = makeWorld();
  const [ann, ben] = [join(), join()];
  ben.subscribe('a', { window: 1 });
  ben.subscribe('b');
  ann.publish('a', '1', '2');
  ann.publish('b', '1', '2');
  await endTurn();
  assert.equal(ben.take().sort(), ['a 1: 1', 'b 1: 1 2'], 'what came');
});

flow(
  'a full socket gets nothing; what waits is sent when it has drained, and the others do not wait',
  async () => {
    const { join } = makeWorld();
    const [ann, ben, cid] = [join(), join(), join()];
    for (const each of [ben, cid]) each.subscribe('t');
    ben.full = true;
    for (const text of ['a', 'b', 'c']) {
      ann.publish('t', text);
      await endTurn();
    }
    assert.equal(ben.take(), [], 'what the full one got');
    assert.equal(cid.take(), ['t 1: a', 't 2: b', 't 3: c'], 'what the other one got');
    assert.is(ben.client.lag, 3, 'its lag');
    ben.full = false;
    ben.client.deliver();
    assert.equal(ben.take(), ['t 1: a b c'], 'what it gets when it has drained');
  },
);

flow('a socket that fills up in the middle stops it at once', async () => {
  const { join } = makeWorld({ maxFrameSize: 100 });
  const [ann, ben] = [join(), join()];
  ben.subscribe('t');
  ben.onSend = () => {
    ben.full = true;
  };
  ann.publish('t', ...Array.from({ length: 6 }, (_, i) => `${i}`.padStart(70, '.')));
  await endTurn();
  assert.is(ben.takeFrames().length, 1, 'frames until it is full');
  assert.is(ben.client.lag, 5, 'the rest waits where the limits count it');
  ben.full = false;
  ben.client.deliver();
  assert.is(ben.takeFrames().length, 1, 'frames until it is full again');
});

flow('after the end of a subscription nothing more of it is sent', async () => {
  const { join } = makeWorld();
  const [ann, ben] = [join(), join()];
  ben.subscribe('t');
  ann.publish('t', 'a');
  ben.client.unsubscribe('t');
  await endTurn();
  assert.equal(ben.take(), [], 'what came');
});

flow.run();

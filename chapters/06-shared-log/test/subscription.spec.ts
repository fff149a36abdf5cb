/** Subscriptions without windows: what each client is sent, and when. Its socket is played by the test. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MAX_SEGMENT_BYTES } from '#log';
import { Start } from '#protocol';
import { isSame, messages } from './support.ts';
import { codeOf, MINUTE, refusal, withWorld } from './world.ts';

test(
  'all who keep up are sent the same slice of the log, uncopied, when the turn ends',
  withWorld({}, async (world) => {
    const [ann, ben] = [world.join(), world.join()];
    for (const each of [ann, ben]) each.subscribe();
    for (let i = 1; i <= 100; i++) ann.publish(`${i}`);
    assert.equal(ann.take(), [], 'something was sent before the turn ended');
    await world.endTurn();
    assert.is(ann.sent.length, 1, 'writes for one turn');
    isSame(ann.sent[0], ben.sent[0], 'each got a slice of its own');
    isSame(ann.sent[0]?.buffer, world.topic.log.tail.bytes.buffer, 'it was copied');
    assert.is(messages(ann.take()).length, 100, 'messages');
  }),
);

test(
  'a full client gets nothing, and all of it later; the others do not wait',
  withWorld({}, async (world) => {
    const [ann, ben] = [world.join(), world.join()];
    for (const each of [ann, ben]) each.subscribe();
    ben.full = true;
    for (let i = 1; i <= 50; i++) {
      ann.publish(`${i}`.padEnd(500, '.'));
      await world.endTurn();
    }
    assert.is(ann.take().length, 50, 'what the other one got');
    assert.equal(ben.take(), [], 'what the full one got');
    world.sweep();
    ben.drain();
    const ids = messages(ben.take()).map((line) => Number.parseInt(line, 10));
    assert.equal(
      ids,
      Array.from({ length: 50 }, (_, i) => i + 1),
      'what it gets when it has drained',
    );
  }),
);

test(
  'what waits for a client that is full costs nothing: no send, no queue, not even when the turn ends again and again',
  withWorld({}, async (world) => {
    const [ann, ben] = [world.join(), world.join()];
    ben.subscribe();
    for (let i = 1; i <= 100; i++) {
      ben.full = true;
      ann.publish(`${i}`);
      await world.endTurn();
    }
    assert.is(ben.sent.length, 0, 'sends to a client that is full');
    ben.drain();
    assert.is(ben.sent.length, 1, 'sends for all that has waited in one segment');
  }),
);

test(
  'memory goes round, but never what a socket has not taken yet',
  withWorld({}, async (world) => {
    const ann = world.join();
    ann.subscribe();
    for (const taken of [false, true]) {
      ann.taken = taken;
      const first = world.topic.log.lastId + 1;
      const [pieces, ids] = [new Set<ArrayBufferLike>(), [] as number[]];
      for (let i = 0; i < 120; i++) {
        ann.publish(`${first + i}`.padEnd(100_000, '.'));
        await world.endTurn();
        if (world.topic.log.tail.bytes.length === MAX_SEGMENT_BYTES)
          pieces.add(world.topic.log.tail.bytes.buffer);
      }
      if (taken) {
        assert.ok(
          pieces.size <= 4,
          `${pieces.size} pieces of a mebibyte were made for 12 MB that all had read`,
        );
        continue;
      }
      for (const line of messages(ann.take())) ids.push(Number.parseInt(line.split(' ')[1] ?? '', 10));
      const expected = Array.from({ length: 120 }, (_, i) => first + i);
      assert.equal(ids, expected, 'the memory of what a socket still sends was written over');
    }
  }),
);

test(
  'what was published before, in the same turn, is not what comes next',
  withWorld({}, async (world) => {
    const ann = world.join();
    ann.publish('before');
    ann.subscribe();
    ann.publish('after');
    await world.endTurn();
    assert.equal(ann.take(), ['2-2 after'], 'what it got');
  }),
);

test(
  'after an id that is gone: told as skipped; after one that was never given: refused',
  withWorld({}, async (world) => {
    const [ann, ben] = [world.join(), world.join()];
    assert.is(
      refusal(() => ben.subscribe({ start: Start.AFTER, after: 1 })),
      'OUT_OF_RANGE',
      'an unknown topic',
    );
    assert.is(world.topics.get('t'), undefined, 'a request that was refused has left a topic behind');
    ann.publish('not retained');
    ann.create('t', MINUTE);
    ann.publish('a', 'b');
    await world.endTurn();
    ben.subscribe({ start: Start.AFTER, after: 0 });
    assert.equal(ben.take(), ['skipped 1-1', '2-3 a b'], 'after 0');
    ben.subscribe({ start: Start.AFTER, after: 2 });
    assert.equal(ben.take(), ['3-3 b'], 'after 2, in the middle of a frame');
    ben.subscribe({ start: Start.EARLIEST });
    assert.equal(ben.take(), ['2-3 a b'], 'the earliest: what is retained');
    assert.is(
      refusal(() => ben.subscribe({ start: Start.AFTER, after: 4 })),
      'OUT_OF_RANGE',
      'after 4',
    );
    ann.publish('c');
    await world.endTurn();
    assert.equal(ben.take(), ['4-4 c'], 'a refused request has ended its subscription');
  }),
);

test(
  'retained bytes are bounded, and the reader that missed some is told',
  withWorld({ maxRetainedBytes: 100_000 }, async (world) => {
    const [ann, ben] = [world.join(), world.join()];
    ann.create('t', MINUTE);
    for (let i = 0; i < 500; i++) {
      ann.publish('x'.repeat(1_000));
      await world.endTurn();
      const { bytes } = world.topic.log;
      assert.ok(bytes <= 130_000, `${bytes} bytes are kept`);
    }
    ben.subscribe({ start: Start.AFTER, after: 0 });
    const [skipped = '', ...found] = ben.take();
    const { firstId } = world.topic.log;
    assert.is(skipped, `skipped 1-${firstId - 1}`, 'what it is told first');
    assert.is(messages(found).length, 501 - firstId, 'what it gets');
    assert.ok(firstId > 350 && firstId < 450, `kept from ${firstId} on`);
  }),
);

test(
  'what has become too old is told as skipped, once, before anything else',
  withWorld({}, async (world) => {
    const [ann, ben] = [world.join(), world.join()];
    ann.create('t', { retentionMs: 1_000, dedupeMs: 0 });
    ben.subscribe();
    ben.full = true;
    ann.publish('a', 'b');
    await world.endTurn(2_000);
    ann.publish('c');
    await world.endTurn();
    assert.equal(ben.take(), [], 'what the full one got');
    ben.drain();
    assert.equal(ben.take(), ['skipped 1-2', '3-3 c'], 'the gap, and what comes after it');
    ann.publish('d');
    await world.endTurn();
    assert.equal(ben.take(), ['4-4 d'], 'what comes next');
  }),
);

for (const [limit, limits] of [
  ['messages', { maxLagMessages: 20 }],
  ['bytes', { maxLagBytes: 2_000 }],
] as const) {
  test(
    `one that lags too many ${limit} behind is ended with SLOW; the others get everything`,
    withWorld(limits, async (world) => {
      const [ann, ben] = [world.join(), world.join()];
      for (const each of [ann, ben]) each.subscribe();
      ben.full = true;
      let sent = 0;
      for (; sent < 1_000 && ben.failure === undefined; sent++) {
        ann.publish('x'.repeat(100));
        await world.endTurn();
      }
      assert.is(codeOf(ben.failure), 'SLOW', `after ${sent} messages`);
      assert.ok(sent >= 15 && sent <= 21, `it was ended after ${sent} messages`);
      assert.is(ann.failure, undefined, 'the other one was ended');
      assert.is(messages(ann.take()).length, sent, 'what the other one got');
      world.sweep();
      assert.is(world.topic.log.bytes, 0, 'the log holds bytes for one that is gone');
    }),
  );
}

test(
  'one that has left, or gone, is sent nothing, and nothing is kept for it',
  withWorld({}, async (world) => {
    const [ann, ben] = [world.join(), world.join()];
    for (const each of [ann, ben]) each.subscribe();
    ann.full = ben.full = true;
    ann.publish('a');
    await world.endTurn();
    ann.client.unsubscribe('t');
    ben.client.close();
    for (const each of [ann, ben]) each.drain();
    ann.publish('b');
    await world.endTurn();
    assert.equal([ann.take(), ben.take()], [[], []], 'what they were sent');
    assert.is(
      refusal(() => ann.client.unsubscribe('t')),
      'NOT_SUBSCRIBED',
      'to leave again',
    );
    world.sweep();
    assert.is(world.topic.log.bytes, 0, 'bytes of the log');
    assert.is(world.topic.readers.size, 0, 'readers of the topic');
  }),
);

test(
  'a quiet topic keeps no memory, with readers or without',
  withWorld({}, async (world) => {
    const ann = world.join();
    ann.subscribe();
    for (let i = 0; i < 100; i++) {
      ann.publish('x'.repeat(1_000));
      await world.endTurn();
    }
    world.sweep();
    assert.is(world.topic.log.bytes, 0, 'bytes that everybody has read');
    assert.is(world.topic.log.tail.bytes.length, 0, 'memory of its segment');
    ann.take();
    ann.publish('next');
    await world.endTurn();
    assert.equal(ann.take(), ['101-101 next'], 'it goes on');
  }),
);

test(
  'one topic, one subscription too many is refused, and changes nothing',
  withWorld({ maxTopics: 2, maxSubscriptions: 1 }, async (world) => {
    const ann = world.join();
    ann.subscribe();
    assert.is(
      refusal(() => ann.subscribe({ topic: 'u' })),
      'LIMIT',
      'a second subscription',
    );
    assert.is(world.topics.get('u'), undefined, 'the refused request has left a topic behind');
    ann.create('u', MINUTE);
    ann.create('u', MINUTE);
    assert.is(
      refusal(() => ann.create('u', { ...MINUTE, dedupeMs: 1 })),
      'TOPIC_EXISTS',
      'other settings',
    );
    assert.is(
      refusal(() => ann.create('v', MINUTE)),
      'LIMIT',
      'a third topic',
    );
    assert.equal(ann.publish('a'), { firstId: 1, count: 1 }, 'publish');
  }),
);

test.run();

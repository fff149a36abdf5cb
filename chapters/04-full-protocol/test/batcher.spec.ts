import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type BrokerFrame, BrokerType, encodeBrokerFrame, takeBatch } from '#protocol/old';
import { createManualClock, Subscriber, type Topic, TopicRegistry } from '#topics';

const limits = { maxFrameSize: 1_048_576, batchBytes: 65_536 };

function set(): {
  clock: ReturnType<typeof createManualClock>;
  registry: TopicRegistry;
  subscriber: Subscriber;
  publish(topic: Topic, ...texts: string[]): void;
} {
  const clock = createManualClock();
  const registry = new TopicRegistry({ clock });
  const subscriber = new Subscriber({ clock });
  return {
    clock,
    registry,
    subscriber,
    publish(topic, ...texts) {
      for (const text of texts) subscriber.offer(topic.append('', Buffer.from(text)));
    },
  };
}

/** `a 1-3: xyz` for MESSAGES, `a !1-2` for SKIPPED. */
function shown(frames: readonly BrokerFrame[]): string[] {
  return frames.map((frame) => {
    if (frame.type === BrokerType.SKIPPED) return `${frame.topic} !${frame.fromId}-${frame.toId}`;
    assert.is(frame.type, BrokerType.MESSAGES);
    if (frame.type !== BrokerType.MESSAGES) return '';
    const texts = frame.records.map(({ payload }) => payload.toString());
    return `${frame.topic} ${frame.firstId}-${frame.firstId + texts.length - 1}: ${texts.join('')}`;
  });
}

const batches = suite('takeBatch');

batches('consecutive ids share a frame, also when other topics come between', () => {
  const { registry, subscriber, publish } = set();
  const [a, b] = [registry.use('a'), registry.use('b')];
  subscriber.subscribe(a);
  subscriber.subscribe(b);
  publish(a, '1', '2');
  publish(b, 'x');
  publish(a, '3');
  publish(b, 'y');
  assert.equal(shown(takeBatch(subscriber, limits)), ['a 1-3: 123', 'b 1-2: xy']);
  assert.equal(takeBatch(subscriber, limits), []);
});

batches('a gap begins a new frame', () => {
  const { registry, subscriber, publish } = set();
  const a = registry.use('a');
  subscriber.subscribe(a);
  publish(a, '1');
  a.append('', Buffer.from('not offered'));
  publish(a, '3', '4');
  assert.equal(shown(takeBatch(subscriber, limits)), ['a 1-1: 1', 'a 3-4: 34']);
});

batches('no more than the window', () => {
  const { registry, subscriber, publish } = set();
  const a = registry.use('a');
  subscriber.subscribe(a, { window: 2 });
  publish(a, '1', '2', '3', '4', '5');
  assert.equal(shown(takeBatch(subscriber, limits)), ['a 1-2: 12']);
  assert.equal(shown(takeBatch(subscriber, limits)), []);
  subscriber.commit('a', 1);
  assert.equal(shown(takeBatch(subscriber, limits)), ['a 3-3: 3']);
  subscriber.commit('a', 3);
  assert.equal(shown(takeBatch(subscriber, limits)), ['a 4-5: 45']);
});

batches('what is lost is told before what follows, and stands between frames', () => {
  const { clock, registry, subscriber, publish } = set();
  registry.create('a', { retentionMs: 100, dedupeMs: 0 });
  const a = registry.use('a');
  subscriber.subscribe(a);
  publish(a, '1', '2');
  clock.advance(101);
  publish(a, '3');
  assert.equal(shown(takeBatch(subscriber, limits)), ['a !1-2', 'a 3-3: 3']);
});

batches('frames stay within the limit, to the byte', () => {
  const { registry, subscriber, publish } = set();
  const topic = registry.use('заяц');
  subscriber.subscribe(topic);
  publish(topic, ...Array.from({ length: 10 }, () => 'x'.repeat(100)));
  const four = encodeBrokerFrame({
    type: BrokerType.MESSAGES,
    topic: topic.name,
    firstId: 1,
    records: Array.from({ length: 4 }, () => ({ key: '', payload: Buffer.alloc(100) })),
  });
  const maxFrameSize = four.readUInt32BE(0);
  const frames = takeBatch(subscriber, { maxFrameSize, batchBytes: 65_536 });
  assert.equal(
    frames.map((frame) => encodeBrokerFrame(frame).readUInt32BE(0) <= maxFrameSize),
    [true, true, true],
  );
  assert.equal(
    frames.map((frame) => (frame.type === BrokerType.MESSAGES ? frame.records.length : 0)),
    [4, 4, 2],
  );
});

batches('it stops taking when there is enough; the rest stays for the next time', () => {
  const { registry, subscriber, publish } = set();
  const a = registry.use('a');
  subscriber.subscribe(a);
  publish(a, ...Array.from({ length: 10 }, () => 'x'.repeat(94)));
  const sizes = [];
  for (;;) {
    const frames = takeBatch(subscriber, { maxFrameSize: 1_048_576, batchBytes: 400 });
    if (frames.length === 0) break;
    for (const frame of frames) sizes.push(frame.type === BrokerType.MESSAGES ? frame.records.length : 0);
  }
  assert.equal(sizes, [4, 4, 2]);
});

batches.run();

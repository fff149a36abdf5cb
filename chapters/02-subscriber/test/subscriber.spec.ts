/** Many subscriptions of one subscriber: seen by lag and counts. What is handed out, and when, is in turns.spec.ts. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock, Subscriber, type SubscriberOptions, TopicRegistry } from '#topics';
import { append, code } from './support.ts';

/** A registry and one subscriber; `publish` offers each message to it, as a broker does. */
function setUp(options: SubscriberOptions = {}) {
  const clock = createManualClock();
  const registry = new TopicRegistry({}, clock);
  const subscriber = new Subscriber(options);
  const publish = (topic: string, key = '') => subscriber.offer(append(registry.use(topic), 'text', key));
  return { clock, registry, subscriber, publish };
}

test('only what is subscribed is queued', () => {
  const { registry, subscriber, publish } = setUp();
  subscriber.subscribe(registry.use('hares'));
  assert.equal([publish('hares'), publish('foxes')], [true, false], 'whether each is wanted');
  assert.equal([subscriber.lag, subscriber.queuedMessages], [1, 1], 'the lag, and what counts');
});

test('the lag is common to all topics', () => {
  const { registry, subscriber, publish } = setUp();
  for (const name of ['hares', 'foxes']) subscriber.subscribe(registry.use(name));
  for (const name of ['hares', 'hares', 'foxes']) publish(name);
  assert.is(subscriber.lag, 3, 'two hares and a fox');
});

test('the limit is common: one topic can fill it for all', () => {
  const { registry, subscriber, publish } = setUp({ maxLagMessages: 3 });
  for (const name of ['a', 'b']) subscriber.subscribe(registry.use(name));
  for (let i = 0; i < 3; i += 1) publish('a');
  assert.is(
    code(() => publish('b')),
    'SLOW',
    'a fourth message, of another topic',
  );
});

test('drop-oldest is passed on to the queues', () => {
  const { registry, subscriber, publish } = setUp({ maxLagMessages: 2, overflow: 'drop-oldest' });
  subscriber.subscribe(registry.use('hares'));
  for (let i = 0; i < 6; i += 1) assert.is(publish('hares'), true, `message ${i + 1}`);
  assert.equal([subscriber.lag, subscriber.queuedMessages], [2, 2], 'the newest two wait');
});

test('unsubscribe forgets what waited, and only of that topic', () => {
  const { registry, subscriber, publish } = setUp();
  for (const name of ['a', 'b']) subscriber.subscribe(registry.use(name));
  for (const name of ['a', 'b', 'a']) publish(name);
  subscriber.unsubscribe('a');
  assert.equal([subscriber.lag, subscriber.queuedMessages], [1, 1], 'lag and count without a');
  assert.equal([publish('a'), publish('b')], [false, true], 'a is not wanted any more, b is');
});

test('subscribing again is one subscription, and gives back what the first one held', () => {
  const { registry, subscriber, publish } = setUp();
  registry.create('hares', { retentionMs: 1_000, dedupeMs: 0 });
  const topic = registry.use('hares');
  subscriber.subscribe(topic);
  for (let i = 0; i < 3; i += 1) publish('hares');
  subscriber.subscribe(topic, { start: 'earliest' });
  assert.equal([subscriber.lag, subscriber.queuedMessages], [3, 0], 'all three are in the topic now');
  subscriber.subscribe(topic);
  assert.equal([subscriber.lag, subscriber.queuedMessages], [0, 0], 'nothing is left of the second');
});

test('a start that was refused leaves the earlier subscription as it was', () => {
  const { registry, subscriber, publish } = setUp();
  const topic = registry.use('hares');
  const refused = (after: number) => code(() => subscriber.subscribe(topic, { start: { after } }));
  assert.is(refused(1), 'OUT_OF_RANGE', 'of an empty topic');
  assert.is(publish('hares'), false, 'there is no subscription');
  subscriber.subscribe(topic);
  publish('hares');
  assert.is(refused(3), 'OUT_OF_RANGE', 'beyond the last id');
  assert.is(subscriber.lag, 1, 'what waited still waits');
});

test('commit and unsubscribe without a subscription are refused', () => {
  const { registry, subscriber } = setUp();
  registry.use('hares');
  for (const call of [() => subscriber.commit('hares', 0), () => subscriber.unsubscribe('hares')])
    assert.is(code(call), 'NOT_SUBSCRIBED', String(call));
});

test('a window out of range is refused, and leaves no subscription', () => {
  const { registry, subscriber, publish } = setUp();
  assert.throws(
    () => subscriber.subscribe(registry.use('hares'), { window: 65_536 }),
    /65536/,
    'the value is named',
  );
  assert.is(publish('hares'), false, 'there is no subscription');
});

test('too many subscriptions: LIMIT; the ones there are may begin anew', () => {
  const { registry, subscriber } = setUp({ maxSubscriptions: 2 });
  const subscribe = (name: string) => code(() => subscriber.subscribe(registry.use(name)));
  const another = (name: string) => code(() => subscriber.subscribeIn(registry, name));
  assert.equal(['a', 'b'].map(subscribe), ['no error', 'no error'], 'two');
  assert.equal([another('c'), subscribe('d')], ['LIMIT', 'LIMIT'], 'a third');
  assert.is(registry.get('c'), undefined, 'what was refused leaves no topic behind');
  assert.equal([another('a'), subscribe('a')], ['no error', 'no error'], 'one of the two again');
  subscriber.unsubscribe('a');
  assert.equal([another('c'), subscribe('c')], ['no error', 'no error'], 'another one instead');
});

test('a subscription by name makes the topic, but not for a start that is refused', () => {
  const { registry, subscriber } = setUp({});
  const start = { start: { after: 1 } };
  assert.is(
    code(() => subscriber.subscribeIn(registry, 'hares', start)),
    'OUT_OF_RANGE',
    'no id was given out',
  );
  assert.is(registry.get('hares'), undefined, 'what was refused leaves no topic behind');
  subscriber.subscribeIn(registry, 'hares');
  assert.is(registry.get('hares')?.lastId, 0, 'the topic is there');
});

test('limits out of range are refused', () => {
  for (const bad of [{ maxLagMessages: 0 }, { maxLagBytes: 0.5 }, { maxSubscriptions: -1 }])
    assert.is(
      code(() => new Subscriber(bad)),
      'BAD_OPTION',
      JSON.stringify(bad),
    );
});

test('close ends everything', () => {
  const { registry, subscriber, publish } = setUp();
  for (const name of ['a', 'b']) subscriber.subscribe(registry.use(name));
  publish('a');
  subscriber.close();
  const left = [subscriber.lag, subscriber.queuedMessages];
  assert.equal(left, [0, 0], 'nothing waits, nothing is counted');
  assert.is(publish('a'), false, 'nothing is wanted');
});

test.run();

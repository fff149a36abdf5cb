import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock, Subscriber, type SubscriberOptions, TopicRegistry } from '#topics';
import { code, drain, word } from './support.ts';

/** A registry and one subscriber; `publish` offers each message to it, as a broker does. */
function setUp(options: Partial<SubscriberOptions> = {}) {
  const clock = createManualClock();
  const registry = new TopicRegistry({ clock });
  const subscriber = new Subscriber({ clock, ...options });
  const publish = (topic: string, key = '') =>
    subscriber.offer(registry.use(topic).append(key, Buffer.from('text')));
  const take = () => word(subscriber.take());
  const takeAll = () => drain(() => subscriber.take());
  return { clock, registry, subscriber, publish, take, takeAll };
}

test('only what is subscribed is queued', () => {
  const { registry, subscriber, publish, takeAll } = setUp();
  subscriber.subscribe(registry.use('hares'));
  assert.equal([publish('hares'), publish('foxes')], ['queued', 'ignored']);
  assert.is(subscriber.lag, 1);
  assert.equal(takeAll(), ['hares:1']);
});

test('messages of several topics come in the order in which they were published', () => {
  const { registry, subscriber, publish, takeAll } = setUp();
  for (const name of ['a', 'b', 'c']) subscriber.subscribe(registry.use(name));
  for (const name of ['c', 'a', 'a', 'b', 'c', 'a']) publish(name);
  assert.equal(takeAll(), ['c:1', 'a:1', 'a:2', 'b:1', 'c:2', 'a:3']);
});

test('a topic with a closed window does not hold up the others', () => {
  const { registry, subscriber, publish, takeAll } = setUp();
  subscriber.subscribe(registry.use('slow'), { window: 1 });
  subscriber.subscribe(registry.use('fast'));
  for (const name of ['slow', 'slow', 'fast', 'slow', 'fast']) publish(name);
  assert.equal(takeAll(), ['slow:1', 'fast:1', 'fast:2']);
  assert.is(subscriber.lag, 3);
  publish('fast');
  subscriber.commit('slow', 1);
  assert.equal(takeAll(), ['slow:2', 'fast:3']);
});

test('the lag is common to all topics', () => {
  const { registry, subscriber, publish, take } = setUp();
  const hares = subscriber.subscribe(registry.use('hares'), { window: 5 });
  const foxes = subscriber.subscribe(registry.use('foxes'));
  for (const name of ['hares', 'hares', 'foxes']) publish(name);
  assert.equal([hares.lag, foxes.lag, subscriber.lag], [2, 1, 3]);
  take();
  assert.is(subscriber.lag, 3);
  subscriber.commit('hares', 1);
  assert.is(subscriber.lag, 2);
});

test('commits are counted for each topic by itself', () => {
  const { registry, subscriber, publish, takeAll } = setUp();
  for (const name of ['a', 'b']) subscriber.subscribe(registry.use(name), { window: 3 });
  for (const name of ['a', 'a', 'b']) publish(name);
  takeAll();
  assert.is(
    code(() => subscriber.commit('b', 2)),
    'BAD_COMMIT',
  );
  assert.is(subscriber.commit('a', 2), 2);
  assert.is(subscriber.lag, 1);
});

test('commit and unsubscribe without a subscription are refused', () => {
  const { registry, subscriber } = setUp();
  registry.use('hares');
  assert.is(
    code(() => subscriber.commit('hares', 0)),
    'NOT_SUBSCRIBED',
  );
  assert.is(
    code(() => subscriber.unsubscribe('hares')),
    'NOT_SUBSCRIBED',
  );
});

test('unsubscribe forgets what waited, and only of that topic', () => {
  const { registry, subscriber, publish, takeAll } = setUp();
  for (const name of ['a', 'b']) subscriber.subscribe(registry.use(name));
  for (const name of ['a', 'b', 'a']) publish(name);
  subscriber.unsubscribe('a');
  assert.equal([subscriber.lag, subscriber.size, subscriber.queuedMessages], [1, 1, 1]);
  assert.is(publish('a'), 'ignored');
  assert.equal(takeAll(), ['b:1']);
});

test('start next: only what is published from now on', () => {
  const { registry, subscriber, publish, takeAll } = setUp();
  registry.create('hares', { retentionMs: 1_000, dedupeMs: 0 });
  publish('hares');
  subscriber.subscribe(registry.use('hares'), { start: 'next' });
  publish('hares');
  assert.equal(takeAll(), ['hares:2']);
});

test('start all: what is retained, without news of what is not', () => {
  const { clock, registry, subscriber, publish, takeAll } = setUp();
  registry.create('hares', { retentionMs: 1_000, dedupeMs: 0 });
  publish('hares');
  clock.advance(1_001);
  publish('hares');
  publish('hares');
  subscriber.subscribe(registry.use('hares'), { start: 'all' });
  publish('hares');
  assert.equal(takeAll(), ['hares:2', 'hares:3', 'hares:4']);
});

test('start after an id: what comes after it, and what of that is gone', () => {
  const { clock, registry, subscriber, publish, takeAll } = setUp();
  registry.create('hares', { retentionMs: 1_000, dedupeMs: 0 });
  for (let i = 0; i < 3; i += 1) publish('hares');
  clock.advance(1_001);
  for (let i = 0; i < 2; i += 1) publish('hares');
  const topic = registry.use('hares');
  subscriber.subscribe(topic, { start: { after: 4 } });
  assert.equal(takeAll(), ['hares:5']);
  subscriber.subscribe(topic, { start: { after: 3 } });
  assert.equal(takeAll(), ['hares:4', 'hares:5']);
  subscriber.subscribe(topic, { start: { after: 1 } });
  assert.equal(takeAll(), ['hares lost 2-3', 'hares:4', 'hares:5']);
  subscriber.subscribe(topic, { start: { after: 5 } });
  assert.equal(takeAll(), []);
});

test('start after an id of a topic that retains nothing: all of it is lost', () => {
  const { registry, subscriber, publish, takeAll } = setUp();
  for (let i = 0; i < 3; i += 1) publish('hares');
  subscriber.subscribe(registry.use('hares'), { start: { after: 1 } });
  publish('hares');
  assert.equal(takeAll(), ['hares lost 2-3', 'hares:4']);
});

test('start after an id that was not given out yet is refused, and an earlier subscription stays', () => {
  const { registry, subscriber, publish, takeAll } = setUp();
  const topic = registry.use('hares');
  assert.is(
    code(() => subscriber.subscribe(topic, { start: { after: 1 } })),
    'OUT_OF_RANGE',
  );
  assert.is(subscriber.size, 0);
  subscriber.subscribe(topic);
  publish('hares');
  assert.is(
    code(() => subscriber.subscribe(topic, { start: { after: 2 } })),
    'OUT_OF_RANGE',
  );
  assert.equal(takeAll(), ['hares:1']);
});

test('subscribing again is one subscription, with the new start and window', () => {
  const { registry, subscriber, publish, takeAll } = setUp();
  registry.create('hares', { retentionMs: 1_000, dedupeMs: 0 });
  const topic = registry.use('hares');
  const first = subscriber.subscribe(topic, { window: 1 });
  for (let i = 0; i < 3; i += 1) publish('hares');
  assert.equal(takeAll(), ['hares:1']);
  const second = subscriber.subscribe(topic, { start: 'all', window: 2 });
  assert.is(second, first);
  assert.equal([subscriber.size, second.window, subscriber.lag, subscriber.queuedMessages], [1, 2, 3, 0]);
  assert.is(
    code(() => subscriber.commit('hares', 1)),
    'BAD_COMMIT',
  );
  assert.equal(takeAll(), ['hares:1', 'hares:2']);
  subscriber.subscribe(topic);
  assert.equal([takeAll(), subscriber.lag], [[], 0]);
});

test('a window out of range is refused, and leaves no subscription', () => {
  const { registry, subscriber } = setUp();
  assert.throws(() => subscriber.subscribe(registry.use('hares'), { window: 65_536 }), /65536/);
  assert.is(subscriber.size, 0);
});

test('too many subscriptions: LIMIT; the ones there are may begin anew', () => {
  const { registry, subscriber } = setUp({ maxSubscriptions: 2 });
  for (const name of ['a', 'b']) subscriber.subscribe(registry.use(name));
  assert.is(
    code(() => subscriber.subscribe(registry.use('c'))),
    'LIMIT',
  );
  assert.is(
    code(() => subscriber.subscribe(registry.use('a'))),
    'no error',
  );
  subscriber.unsubscribe('a');
  assert.is(
    code(() => subscriber.subscribe(registry.use('c'))),
    'no error',
  );
});

test('the limit is common: one topic can fill it for all', () => {
  const { registry, subscriber, publish, takeAll } = setUp({ maxMessages: 3 });
  for (const name of ['a', 'b']) subscriber.subscribe(registry.use(name));
  assert.equal(
    ['a', 'a', 'a', 'b'].map((name) => publish(name)),
    ['queued', 'queued', 'queued', 'full'],
  );
  takeAll();
  assert.equal([subscriber.queuedMessages, subscriber.queuedBytes], [0, 0]);
  assert.is(publish('b'), 'queued');
});

test('drop-oldest: the slow topic loses, and its subscriber is told which ids', () => {
  const { registry, subscriber, publish, takeAll } = setUp({ maxMessages: 2, overflow: 'drop-oldest' });
  subscriber.subscribe(registry.use('hares'));
  for (let i = 0; i < 6; i += 1) publish('hares');
  assert.equal(takeAll(), ['hares lost 1-4', 'hares:5', 'hares:6']);
});

test('what expires while the window is closed is told, and does not count as lag', () => {
  const { clock, registry, subscriber, publish, take } = setUp();
  registry.create('hares', { retentionMs: 10, dedupeMs: 0 });
  subscriber.subscribe(registry.use('hares'), { window: 1 });
  for (let i = 0; i < 3; i += 1) publish('hares');
  assert.is(take(), 'hares:1');
  clock.advance(11);
  publish('hares');
  assert.is(subscriber.lag, 2);
  assert.is(take(), 'hares lost 2-3');
  assert.is(take(), 'nothing');
  subscriber.commit('hares', 1);
  assert.is(take(), 'hares:4');
});

test('settings that a topic gets later hold for those who subscribed before', () => {
  const { clock, registry, subscriber, publish, takeAll } = setUp();
  subscriber.subscribe(registry.use('hares'));
  publish('hares');
  registry.create('hares', { retentionMs: 10, dedupeMs: 1_000 });
  clock.advance(11);
  assert.equal([publish('hares', 'k'), publish('hares', 'k')], ['queued', 'duplicate']);
  assert.equal(takeAll(), ['hares lost 1-1', 'hares:2']);
});

test('a duplicate for one subscriber may be new to another', () => {
  const { clock, registry, subscriber } = setUp();
  registry.create('hares', { retentionMs: 0, dedupeMs: 1_000 });
  const topic = registry.use('hares');
  const other = new Subscriber({ clock });
  subscriber.subscribe(topic);
  const first = topic.append('k', Buffer.from('text'));
  subscriber.offer(first);
  other.subscribe(topic);
  const second = topic.append('k', Buffer.from('text'));
  assert.equal([subscriber.offer(second), other.offer(second)], ['duplicate', 'queued']);
});

test('all subscribers hold the same message, not copies of its bytes', () => {
  const { clock, registry, subscriber } = setUp();
  const topic = registry.use('hares');
  const other = new Subscriber({ clock });
  for (const each of [subscriber, other]) each.subscribe(topic);
  const message = topic.append('', Buffer.from('text'));
  for (const each of [subscriber, other]) each.offer(message);
  assert.is(subscriber.take(), message);
  assert.is(other.take(), message);
});

test('close ends everything', () => {
  const { registry, subscriber, publish } = setUp();
  for (const name of ['a', 'b']) subscriber.subscribe(registry.use(name));
  publish('a');
  subscriber.close();
  assert.equal(
    [subscriber.size, subscriber.lag, subscriber.queuedMessages, subscriber.queuedBytes],
    [0, 0, 0, 0],
  );
  assert.is(subscriber.take(), undefined);
});

test('a topic called __proto__ can be subscribed like any other', () => {
  const { registry, subscriber, publish, takeAll } = setUp();
  assert.is(subscriber.subscription('__proto__'), undefined);
  assert.is(
    code(() => subscriber.commit('constructor', 0)),
    'NOT_SUBSCRIBED',
  );
  subscriber.subscribe(registry.use('__proto__'));
  publish('__proto__');
  assert.equal(takeAll(), ['__proto__:1']);
});

test.run();

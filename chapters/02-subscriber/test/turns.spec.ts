/** Whose turn it is, and what is handed out. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock, Subscriber, type SubscriberOptions, TopicRegistry } from '#topics';
import { append, code, drain, word } from './support.ts';

/** A registry and one subscriber; `publish` offers each message to it, as a broker does. */
function setUp(options: SubscriberOptions = {}) {
  const clock = createManualClock();
  const registry = new TopicRegistry({}, clock);
  const subscriber = new Subscriber(options);
  const publish = (topic: string, key = '') => subscriber.offer(append(registry.use(topic), 'text', key));
  const next = () => subscriber.nextReady()?.next();
  const take = () => word(next());
  const takeAll = () => drain(next);
  return { clock, registry, subscriber, publish, take, takeAll };
}

test('only what is subscribed is queued', () => {
  const { registry, subscriber, publish, takeAll } = setUp();
  subscriber.subscribe(registry.use('hares'));
  assert.equal([publish('hares'), publish('foxes')], [true, false], 'whether each is wanted');
  assert.is(subscriber.lag, 1, 'the lag');
  assert.equal(takeAll(), ['hares:1'], 'what is handed out');
});

test('many topics: each gets its turn, however much waits in the others', () => {
  const { registry, subscriber, publish, takeAll } = setUp();
  for (const name of ['busy', 'calm', 'quiet']) subscriber.subscribe(registry.use(name));
  for (const name of ['busy', 'busy', 'busy', 'busy', 'calm', 'calm', 'quiet']) publish(name);
  assert.equal(
    takeAll(),
    ['busy:1', 'calm:1', 'quiet:1', 'busy:2', 'calm:2', 'busy:3', 'busy:4'],
    'in turns, and in order within each topic',
  );
});

test('who has had its turn stands at the end of the line, also while new messages come', () => {
  const { registry, subscriber, publish, take } = setUp();
  for (const name of ['busy', 'calm']) subscriber.subscribe(registry.use(name));
  for (const name of ['busy', 'busy', 'calm']) publish(name);
  const seen = [take()];
  publish('busy');
  seen.push(take());
  publish('calm');
  seen.push(take(), take());
  assert.equal(seen, ['busy:1', 'calm:1', 'busy:2', 'calm:2'], 'turn by turn');
});

test('a buffer may hand out as much as it has in its turn', () => {
  const { registry, subscriber, publish } = setUp();
  for (const name of ['a', 'b']) subscriber.subscribe(registry.use(name));
  for (const name of ['a', 'b', 'a', 'a']) publish(name);
  const first = subscriber.nextReady();
  assert.equal(
    drain(() => first?.next()),
    ['a:1', 'a:2', 'a:3'],
    'all of the first topic',
  );
  const second = subscriber.nextReady();
  assert.equal(
    drain(() => second?.next()),
    ['b:1'],
    'all of the second topic',
  );
  assert.is(subscriber.nextReady(), undefined, 'then nothing is ready');
});

test('a topic with a closed window does not hold up the others', () => {
  const { registry, subscriber, publish, takeAll } = setUp();
  subscriber.subscribe(registry.use('slow'), { window: 1 });
  subscriber.subscribe(registry.use('fast'));
  for (const name of ['slow', 'slow', 'fast', 'slow', 'fast']) publish(name);
  assert.equal(takeAll(), ['slow:1', 'fast:1', 'fast:2'], 'what the windows let out');
  assert.is(subscriber.lag, 3, 'one not committed, two wait');
  publish('fast');
  subscriber.commit('slow', 1);
  assert.equal(takeAll(), ['fast:3', 'slow:2'], 'after the commit');
});

test('the lag is common to all topics', () => {
  const { registry, subscriber, publish, take } = setUp();
  subscriber.subscribe(registry.use('hares'), { window: 5 });
  subscriber.subscribe(registry.use('foxes'));
  for (const name of ['hares', 'hares', 'foxes']) publish(name);
  assert.is(subscriber.lag, 3, 'two hares and a fox');
  assert.is(take(), 'hares:1', 'the first turn');
  assert.is(subscriber.lag, 3, 'handed out, not committed');
  subscriber.commit('hares', 1);
  assert.is(subscriber.lag, 2, 'committed');
});

test('commits are counted for each topic by itself', () => {
  const { registry, subscriber, publish, takeAll } = setUp();
  for (const name of ['a', 'b']) subscriber.subscribe(registry.use(name), { window: 3 });
  for (const name of ['a', 'a', 'b']) publish(name);
  takeAll();
  assert.is(
    code(() => subscriber.commit('b', 2)),
    'BAD_COMMIT',
    'b has handed out 1 only',
  );
  assert.is(subscriber.commit('a', 2), 2, 'a has handed out 2');
  assert.is(subscriber.lag, 1, 'b:1 is left');
});

test('unsubscribe forgets what waited, and only of that topic', () => {
  const { registry, subscriber, publish, takeAll } = setUp();
  for (const name of ['a', 'b']) subscriber.subscribe(registry.use(name));
  for (const name of ['a', 'b', 'a']) publish(name);
  subscriber.unsubscribe('a');
  assert.equal([subscriber.lag, subscriber.queuedMessages], [1, 1], 'lag and count without a');
  assert.is(publish('a'), false, 'a is not wanted any more');
  assert.equal(takeAll(), ['b:1'], 'b is');
});

test('start latest: only what is published from now on', () => {
  const { registry, subscriber, publish, takeAll } = setUp();
  registry.create('hares', { retentionMs: 1_000, dedupeMs: 0 });
  publish('hares');
  subscriber.subscribe(registry.use('hares'), { start: 'latest' });
  publish('hares');
  assert.equal(takeAll(), ['hares:2'], 'not the first');
});

test('start earliest: what is retained, without news of what is not', () => {
  const { clock, registry, subscriber, publish, takeAll } = setUp();
  registry.create('hares', { retentionMs: 1_000, dedupeMs: 0 });
  publish('hares');
  clock.advance(1_001);
  publish('hares');
  publish('hares');
  subscriber.subscribe(registry.use('hares'), { start: 'earliest' });
  publish('hares');
  assert.equal(takeAll(), ['hares:2', 'hares:3', 'hares:4'], 'the first is too old');
});

test('start after an id: what comes after it, and what of that is gone', () => {
  const { clock, registry, subscriber, publish, takeAll } = setUp();
  registry.create('hares', { retentionMs: 1_000, dedupeMs: 0 });
  for (let i = 0; i < 3; i += 1) publish('hares');
  clock.advance(1_001);
  for (let i = 0; i < 2; i += 1) publish('hares');
  const topic = registry.use('hares');
  const expected: [number, string[]][] = [
    [4, ['hares:5']],
    [3, ['hares:4', 'hares:5']],
    [1, ['hares lost 2-3', 'hares:4', 'hares:5']],
    [5, []],
  ];
  for (const [after, words] of expected) {
    subscriber.subscribe(topic, { start: { after } });
    assert.equal(takeAll(), words, `after ${after}`);
  }
});

test('start after an id of a topic that retains nothing: all of it is lost', () => {
  const { registry, subscriber, publish, takeAll } = setUp();
  for (let i = 0; i < 3; i += 1) publish('hares');
  subscriber.subscribe(registry.use('hares'), { start: { after: 1 } });
  publish('hares');
  assert.equal(takeAll(), ['hares lost 2-3', 'hares:4'], 'told once, then what is new');
});

test('start after an id that was not given out yet is refused, and an earlier subscription stays', () => {
  const { registry, subscriber, publish, takeAll } = setUp();
  const topic = registry.use('hares');
  const refused = (after: number) => code(() => subscriber.subscribe(topic, { start: { after } }));
  assert.is(refused(1), 'OUT_OF_RANGE', 'of an empty topic');
  assert.is(publish('hares'), false, 'there is no subscription');
  subscriber.subscribe(topic);
  publish('hares');
  assert.is(refused(3), 'OUT_OF_RANGE', 'beyond the last id');
  assert.equal(takeAll(), ['hares:2'], 'the earlier subscription goes on');
});

test('subscribing again is one subscription, with the new start and window', () => {
  const { registry, subscriber, publish, takeAll } = setUp();
  registry.create('hares', { retentionMs: 1_000, dedupeMs: 0 });
  const topic = registry.use('hares');
  subscriber.subscribe(topic, { window: 1 });
  for (let i = 0; i < 3; i += 1) publish('hares');
  assert.equal(takeAll(), ['hares:1'], 'the first window');
  subscriber.subscribe(topic, { start: 'earliest', window: 2 });
  assert.equal([subscriber.lag, subscriber.queuedMessages], [3, 0], 'all three are history now');
  assert.is(
    code(() => subscriber.commit('hares', 1)),
    'BAD_COMMIT',
    'nothing was handed out anew',
  );
  assert.equal(takeAll(), ['hares:1', 'hares:2'], 'the second window');
  subscriber.subscribe(topic);
  assert.equal([takeAll(), subscriber.lag], [[], 0], 'nothing is left of the second');
});

test('the limit is common: one topic can fill it for all', () => {
  const { registry, subscriber, publish, takeAll } = setUp({ maxLagMessages: 3 });
  for (const name of ['a', 'b']) subscriber.subscribe(registry.use(name));
  for (let i = 0; i < 3; i += 1) publish('a');
  assert.is(
    code(() => publish('b')),
    'SLOW',
    'a fourth message, of another topic',
  );
  takeAll();
  assert.is(subscriber.queuedMessages, 0, 'all was given back');
  assert.is(publish('b'), true, 'there is room again');
});

test('drop-oldest: the slow topic loses, and its subscriber is told which ids', () => {
  const { registry, subscriber, publish, takeAll } = setUp({ maxLagMessages: 2, overflow: 'drop-oldest' });
  subscriber.subscribe(registry.use('hares'));
  for (let i = 0; i < 6; i += 1) publish('hares');
  assert.equal(takeAll(), ['hares lost 1-4', 'hares:5', 'hares:6'], 'the oldest four');
});

test('what expires while the window is closed is told with the next message, and does not count as lag', () => {
  const { clock, registry, subscriber, publish, take } = setUp();
  registry.create('hares', { retentionMs: 10, dedupeMs: 0 });
  subscriber.subscribe(registry.use('hares'), { window: 1 });
  for (let i = 0; i < 3; i += 1) publish('hares');
  assert.is(take(), 'hares:1', 'the window lets one out');
  clock.advance(11);
  publish('hares');
  assert.is(subscriber.lag, 2, 'one not committed, one waits');
  assert.equal([take(), take()], ['hares lost 2-3', 'nothing'], 'the loss passes the closed window');
  subscriber.commit('hares', 1);
  assert.is(take(), 'hares:4', 'after the commit');
});

test('a commit wakes a topic whose messages have all expired', () => {
  const { clock, registry, subscriber, publish, takeAll } = setUp();
  registry.create('hares', { retentionMs: 10, dedupeMs: 0 });
  subscriber.subscribe(registry.use('hares'), { window: 1 });
  for (let i = 0; i < 3; i += 1) publish('hares');
  takeAll();
  clock.advance(11);
  subscriber.commit('hares', 1);
  assert.equal(takeAll(), ['hares lost 2-3'], 'the loss is told');
});

test('settings that a topic gets later hold for those who subscribed before', () => {
  const { clock, registry, subscriber, publish, takeAll } = setUp();
  subscriber.subscribe(registry.use('hares'));
  publish('hares');
  registry.create('hares', { retentionMs: 10, dedupeMs: 1_000 });
  clock.advance(11);
  publish('hares', 'k');
  assert.is(registry.use('hares').append('k', Buffer.alloc(0)), undefined, 'the key repeats');
  assert.equal(takeAll(), ['hares lost 1-1', 'hares:2'], 'the old one is too old');
});

test('all subscribers hold the same message, not copies of its bytes', () => {
  const { registry, subscriber } = setUp();
  const topic = registry.use('hares');
  const other = new Subscriber();
  for (const each of [subscriber, other]) each.subscribe(topic);
  const message = append(topic);
  for (const each of [subscriber, other]) {
    each.offer(message);
    assert.is(each.nextReady()?.next(), message, 'the very object');
  }
});

test('close ends everything', () => {
  const { registry, subscriber, publish } = setUp();
  for (const name of ['a', 'b']) subscriber.subscribe(registry.use(name));
  publish('a');
  subscriber.close();
  const left = [subscriber.lag, subscriber.queuedMessages];
  assert.equal(left, [0, 0], 'nothing waits, nothing is counted');
  assert.is(subscriber.nextReady(), undefined, 'nothing is ready');
  assert.is(publish('a'), false, 'nothing is wanted');
});

test('a topic called __proto__ can be subscribed like any other', () => {
  const { registry, subscriber, publish, takeAll } = setUp();
  assert.is(
    code(() => subscriber.commit('constructor', 0)),
    'NOT_SUBSCRIBED',
    'before',
  );
  subscriber.subscribe(registry.use('__proto__'));
  publish('__proto__');
  assert.equal(takeAll(), ['__proto__:1'], 'its message');
});

test('close leaves nothing to hand out', () => {
  const { registry, subscriber, publish, take } = setUp();
  for (const name of ['a', 'b']) subscriber.subscribe(registry.use(name));
  for (const name of ['a', 'b', 'a']) publish(name);
  subscriber.close();
  assert.is(take(), 'nothing', 'after the end');
  subscriber.subscribe(registry.use('a'));
  publish('a');
  assert.is(take(), 'a:3', 'a new subscription of the same topic');
});

test('who has left the line does not stop it', () => {
  const { registry, subscriber, publish, take, takeAll } = setUp();
  for (const name of ['a', 'b', 'c']) subscriber.subscribe(registry.use(name));
  for (const name of ['a', 'b', 'c', 'b']) publish(name);
  assert.is(take(), 'a:1', 'the first turn');
  subscriber.unsubscribe('b');
  assert.equal(takeAll(), ['c:1'], 'the one behind it comes');
  publish('a');
  assert.equal(takeAll(), ['a:2'], 'and the line goes on');
});

/** Most processor time that the turns may take. They take about 50 ms, a walk over all that went before 5 s. */
const MOST_MS = 1_000;

test('a turn costs the same with fifty thousand topics', () => {
  const { registry, subscriber, take } = setUp({ maxSubscriptions: 50_000 });
  const topics = Array.from({ length: 50_000 }, (_, index) => registry.use(`topic ${index}`));
  for (const topic of topics) subscriber.subscribe(topic);
  for (let round = 0; round < 2; round += 1) {
    for (const topic of topics) subscriber.offer(append(topic));
  }
  const before = process.cpuUsage();
  for (let turn = 0; turn < 100_000; turn += 1) {
    const [index, id] = [turn % 50_000, turn < 50_000 ? 1 : 2];
    const took = take();
    if (took !== `topic ${index}:${id}`)
      throw new Error(`turn ${turn} gave ${took}, not topic ${index}:${id}`);
    if (turn % 1_000 !== 0) continue;
    const { user, system } = process.cpuUsage(before);
    const ms = Math.round((user + system) / 1_000);
    assert.ok(ms < MOST_MS, `${turn} of 100,000 turns took ${ms} ms: each walks over those before it`);
  }
});

test.run();

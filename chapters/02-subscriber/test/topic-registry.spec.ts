import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LeveretError } from '#framing';
import { checkTopicName, createManualClock, type RegistryLimits, TopicError, TopicRegistry } from '#topics';
import { append, code } from './support.ts';

function setUp(limits: Partial<RegistryLimits> = {}) {
  const clock = createManualClock();
  return { clock, registry: new TopicRegistry(limits, clock) };
}

const NONE = { retentionMs: 0, dedupeMs: 0 };

test('a topic comes into being by its first use, without retention and dedupe', () => {
  const { registry } = setUp();
  assert.is(registry.get('hares'), undefined, 'before its use');
  const topic = registry.use('hares');
  assert.is(registry.use('hares'), topic, 'a second use');
  assert.is(registry.get('hares'), topic, 'get');
  assert.equal(topic.settings, NONE, 'its settings');
});

test('create makes a topic with settings; the same again is no mistake', () => {
  const { registry } = setUp();
  registry.create('hares', { retentionMs: 5, dedupeMs: 6 });
  const topic = registry.use('hares');
  assert.equal(topic.settings, { retentionMs: 5, dedupeMs: 6 }, 'its settings');
  registry.create('hares', { retentionMs: 5, dedupeMs: 6 });
  assert.is(registry.use('hares'), topic, 'it is the same topic');
});

test('created again with other settings is refused, and changes nothing', () => {
  const { registry } = setUp();
  registry.create('hares', { retentionMs: 5, dedupeMs: 6 });
  for (const settings of [
    { retentionMs: 5, dedupeMs: 0 },
    { retentionMs: 0, dedupeMs: 6 },
  ]) {
    assert.is(
      code(() => registry.create('hares', settings)),
      'TOPIC_EXISTS',
      JSON.stringify(settings),
    );
  }
  assert.equal(registry.use('hares').settings, { retentionMs: 5, dedupeMs: 6 }, 'its settings');
});

test('the same again forgets neither messages nor keys', () => {
  const { registry } = setUp();
  const settings = { retentionMs: 1_000, dedupeMs: 1_000 };
  registry.create('hares', settings);
  const topic = registry.use('hares');
  append(topic, 'text', 'k');
  registry.create('hares', settings);
  assert.is(topic.append('k', Buffer.alloc(0)), undefined, 'the key still repeats');
  assert.is(topic.firstRetainedId, 1, 'the message is still there');
});

test('a topic made by use takes the settings of the first create, and of no second', () => {
  const { registry } = setUp();
  const topic = registry.use('hares');
  append(topic);
  registry.create('hares', { retentionMs: 5, dedupeMs: 0 });
  assert.is(registry.get('hares'), topic, 'it is the same topic');
  assert.equal([topic.settings.retentionMs, topic.lastId], [5, 1], 'new settings, the ids go on');
  assert.is(
    code(() => registry.create('hares', NONE)),
    'TOPIC_EXISTS',
    'a second create',
  );
});

test('a topic made by use, created with the same settings, is created from then on', () => {
  const { registry } = setUp();
  registry.use('hares');
  registry.create('hares', NONE);
  registry.create('hares', NONE);
  assert.is(
    code(() => registry.create('hares', { retentionMs: 1, dedupeMs: 0 })),
    'TOPIC_EXISTS',
    'with others',
  );
});

test("the settings are the registry's own: changing the object given changes nothing", () => {
  const { registry } = setUp();
  const settings = { retentionMs: 5, dedupeMs: 6 };
  registry.create('hares', settings);
  settings.retentionMs = 99;
  assert.is(registry.use('hares').settings.retentionMs, 5, 'the retention');
});

test('names from 1 to 255 bytes of UTF-8 are fine', () => {
  const { registry } = setUp();
  for (const name of ['a', 'x'.repeat(255), 'ä'.repeat(127), '🐇'.repeat(63), ' ', 'a/b.c', '\n']) {
    assert.is(registry.use(name).name, name, JSON.stringify(name));
  }
});

test('an empty or over-long name, a NUL, and half a surrogate pair are refused', () => {
  const { registry } = setUp();
  for (const name of ['', 'x'.repeat(256), 'ä'.repeat(128), 'a\0b', '\0', '\ud83d', 'a\udc07']) {
    const calls = [() => registry.use(name), () => registry.create(name, NONE), () => checkTopicName(name)];
    assert.equal(calls.map(code), ['BAD_TOPIC', 'BAD_TOPIC', 'BAD_TOPIC'], JSON.stringify(name));
    assert.is(registry.get(name), undefined, `${JSON.stringify(name)} is not there`);
  }
});

test('the longest name can be made shorter', () => {
  const { registry } = setUp({ maxTopicBytes: 4 });
  assert.is(registry.use('ää').name, 'ää', 'four bytes');
  assert.is(
    code(() => registry.use('ääa')),
    'BAD_TOPIC',
    'five bytes in three characters',
  );
});

test('names that mean something to JavaScript are ordinary', () => {
  const { registry } = setUp();
  for (const name of ['__proto__', 'constructor', 'hasOwnProperty', 'toString']) {
    assert.is(registry.get(name), undefined, `${name} before its use`);
    assert.is(registry.use(name).name, name, `${name} in use`);
    assert.is(append(registry.use(name)).id, 1, `the first id of ${name}`);
  }
});

test('names that look alike but differ in bytes are different topics', () => {
  const { registry } = setUp();
  assert.is.not(registry.use('\u00e9'), registry.use('e\u0301'), 'two spellings of é');
});

test('too many topics: LIMIT for a new one, the others go on', () => {
  const { registry } = setUp({ maxTopics: 2 });
  registry.use('a');
  registry.create('b', NONE);
  const refused = [code(() => registry.use('c')), code(() => registry.create('c', NONE))];
  assert.equal(refused, ['LIMIT', 'LIMIT'], 'a third');
  assert.is(registry.get('c'), undefined, 'it is not there');
  assert.is(append(registry.use('a')).id, 1, 'the first takes messages');
});

test('ids of one topic have nothing to do with those of another', () => {
  const { registry } = setUp();
  const ids = ['a', 'b', 'a'].map((name) => append(registry.use(name)).id);
  assert.equal(ids, [1, 1, 2], 'a, b, a');
});

test('settings that do not fit into 32 bits are refused with their value, and make no topic', () => {
  const { registry } = setUp();
  for (const bad of [-1, 0.5, 2 ** 32, Number.NaN]) {
    const refused = (error: Error) => error instanceof RangeError && error.message.includes(`not ${bad}`);
    assert.throws(() => registry.create('hares', { retentionMs: bad, dedupeMs: 0 }), refused, `age ${bad}`);
    assert.throws(
      () => registry.create('hares', { retentionMs: 0, dedupeMs: bad }),
      refused,
      `dedupe ${bad}`,
    );
  }
  assert.is(registry.get('hares'), undefined, 'the topic');
});

test('limits out of range are refused', () => {
  for (const bad of [
    { maxTopics: 0 },
    { maxTopicBytes: -1 },
    { maxTopicBytes: 256 },
    { maxRetainedBytes: 1.5 },
    { maxKeys: 2 ** 24 + 1 },
  ]) {
    assert.is(
      code(() => setUp(bad)),
      'BAD_OPTION',
      JSON.stringify(bad),
    );
  }
});

test('trim drops what is too old in topics that nobody uses', () => {
  const { clock, registry } = setUp();
  registry.create('hares', { retentionMs: 10, dedupeMs: 0 });
  const topic = registry.use('hares');
  append(topic);
  clock.advance(11);
  registry.trim();
  clock.advance(-11);
  assert.is(topic.oldestFrom(1), undefined, 'the message');
});

test('a TopicError is a LeveretError, with a text for people', () => {
  const { registry } = setUp();
  const isTold = (error: Error) =>
    error instanceof TopicError && error instanceof LeveretError && /empty/.test(error.message);
  assert.throws(() => registry.use(''), isTold, 'an empty name');
});

test.run();

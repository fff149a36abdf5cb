import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LeveretError } from '#framing';
import {
  checkTopicName,
  createManualClock,
  TopicError,
  TopicRegistry,
  type TopicRegistryOptions,
} from '#topics';
import { code } from './support.ts';

function setUp(options: Partial<TopicRegistryOptions> = {}) {
  const clock = createManualClock();
  return { clock, registry: new TopicRegistry({ clock, ...options }) };
}

test('a topic comes into being by its first use, with the default settings', () => {
  const { registry } = setUp();
  assert.is(registry.get('hares'), undefined);
  const topic = registry.use('hares');
  assert.is(registry.use('hares'), topic);
  assert.is(registry.get('hares'), topic);
  assert.equal(topic.settings, { retentionMs: 0, dedupeMs: 0 });
  assert.equal([registry.size, [...registry.topics()]], [1, [topic]]);
});

test('defaults can be chosen', () => {
  const { registry } = setUp({ defaults: { retentionMs: 7, dedupeMs: 8 } });
  assert.equal(registry.use('hares').settings, { retentionMs: 7, dedupeMs: 8 });
});

test('create makes a topic with settings; the same again is the same', () => {
  const { registry } = setUp();
  assert.is(registry.create('hares', { retentionMs: 5, dedupeMs: 6 }), 'created');
  const topic = registry.use('hares');
  assert.equal(topic.settings, { retentionMs: 5, dedupeMs: 6 });
  assert.is(registry.create('hares', { retentionMs: 5, dedupeMs: 6 }), 'same');
  assert.is(registry.use('hares'), topic);
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
    );
  }
  assert.equal(registry.use('hares').settings, { retentionMs: 5, dedupeMs: 6 });
});

test('a topic made by use takes the settings of the first create, and of no second', () => {
  const { registry } = setUp();
  const topic = registry.use('hares');
  topic.append('', Buffer.from('one'));
  assert.is(registry.create('hares', { retentionMs: 5, dedupeMs: 0 }), 'created');
  assert.is(registry.get('hares'), topic);
  assert.equal([topic.settings.retentionMs, topic.lastId], [5, 1]);
  assert.is(
    code(() => registry.create('hares', { retentionMs: 0, dedupeMs: 0 })),
    'TOPIC_EXISTS',
  );
});

test('a topic made by use, created with the defaults, is chosen from then on', () => {
  const { registry } = setUp();
  registry.use('hares');
  assert.is(registry.create('hares', { retentionMs: 0, dedupeMs: 0 }), 'created');
  assert.is(registry.create('hares', { retentionMs: 0, dedupeMs: 0 }), 'same');
  assert.is(
    code(() => registry.create('hares', { retentionMs: 1, dedupeMs: 0 })),
    'TOPIC_EXISTS',
  );
});

test("the settings are the registry's own: changing the object given changes nothing", () => {
  const { registry } = setUp();
  const settings = { retentionMs: 5, dedupeMs: 6 };
  registry.create('hares', settings);
  settings.retentionMs = 99;
  assert.is(registry.use('hares').settings.retentionMs, 5);
});

test('names from 1 to 255 bytes of UTF-8 are fine', () => {
  const { registry } = setUp();
  for (const name of ['a', 'x'.repeat(255), 'ä'.repeat(127), '🐇'.repeat(63), ' ', 'a/b.c', '\n']) {
    assert.is(registry.use(name).name, name);
  }
});

test('an empty or over-long name, a NUL, and half a surrogate pair are refused', () => {
  const { registry } = setUp();
  for (const name of ['', 'x'.repeat(256), 'ä'.repeat(128), 'a\0b', '\0', '\ud83d', 'a\udc07']) {
    assert.is(
      code(() => registry.use(name)),
      'BAD_TOPIC',
    );
    assert.is(
      code(() => registry.create(name, { retentionMs: 0, dedupeMs: 0 })),
      'BAD_TOPIC',
    );
    assert.is(
      code(() => checkTopicName(name)),
      'BAD_TOPIC',
    );
  }
  assert.is(registry.size, 0);
});

test('names that mean something to JavaScript are ordinary', () => {
  const { registry } = setUp();
  for (const name of ['__proto__', 'constructor', 'hasOwnProperty', 'toString']) {
    assert.is(registry.get(name), undefined);
    assert.is(registry.use(name).name, name);
    assert.is(registry.get(name)?.append('', Buffer.alloc(0)).id, 1);
  }
  assert.is(registry.size, 4);
});

test('names that look alike but differ in bytes are different topics', () => {
  const { registry } = setUp();
  assert.is.not(registry.use('\u00e9'), registry.use('e\u0301'));
});

test('too many topics: LIMIT for a new one, the others go on', () => {
  const { registry } = setUp({ maxTopics: 2 });
  registry.use('a');
  registry.create('b', { retentionMs: 0, dedupeMs: 0 });
  assert.is(
    code(() => registry.use('c')),
    'LIMIT',
  );
  assert.is(
    code(() => registry.create('c', { retentionMs: 0, dedupeMs: 0 })),
    'LIMIT',
  );
  assert.is(registry.use('a').append('', Buffer.alloc(0)).id, 1);
  assert.is(registry.size, 2);
});

test('ids of one topic have nothing to do with those of another; the order is common', () => {
  const { registry } = setUp();
  const stamps = ['a', 'b', 'a'].map((name) => registry.use(name).append('', Buffer.alloc(0)));
  assert.equal(
    stamps.map(({ id }) => id),
    [1, 1, 2],
  );
  assert.equal(
    stamps.map(({ order }) => order),
    [1, 2, 3],
  );
});

test('settings that do not fit into 32 bits are refused with their value', () => {
  const { registry } = setUp();
  for (const bad of [-1, 0.5, 2 ** 32, Number.NaN]) {
    const refused = (error: Error) => error instanceof RangeError && error.message.includes(String(bad));
    assert.throws(() => registry.create('hares', { retentionMs: bad, dedupeMs: 0 }), refused);
    assert.throws(() => registry.create('hares', { retentionMs: 0, dedupeMs: bad }), refused);
  }
  assert.is(registry.size, 0);
});

test('limits out of range are refused', () => {
  for (const bad of [{ maxTopics: 0 }, { maxNameLength: -1 }, { maxRetainedBytes: 1.5 }]) {
    assert.throws(
      () => setUp(bad),
      (error: Error) => error instanceof RangeError,
    );
  }
});

test('trim drops what is too old in topics that nobody uses', () => {
  const { clock, registry } = setUp();
  registry.create('hares', { retentionMs: 10, dedupeMs: 0 });
  const topic = registry.use('hares');
  topic.append('', Buffer.from('one'));
  clock.advance(11);
  registry.trim();
  clock.advance(-11);
  assert.equal([...topic.after(0)], []);
});

test('a TopicError is a LeveretError, with a text for people', () => {
  const { registry } = setUp();
  assert.throws(
    () => registry.use(''),
    (error: Error) =>
      error instanceof TopicError && error instanceof LeveretError && /empty/.test(error.message),
  );
});

test.run();

/** What a client publishes, from the bytes of its PUBLISH to the log of the topic. Nobody subscribes here. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { clientCodec } from '#protocol';
import { sealed, wireRecords } from './support.ts';
import { MINUTE, type NoteBook, refusal, type World, withWorld } from './world.ts';

/** Publishes a body as it came from a socket. */
function publishBody(client: NoteBook, body: Uint8Array): unknown {
  const bytes = Buffer.concat([Buffer.alloc(5, 0xff), body, Buffer.alloc(5, 0xff)]);
  return client.client.publishRaw?.(bytes, 5, bytes.length - 5);
}

/** The body of a PUBLISH: its frame without size and type. */
function body(topic: string, texts: readonly string[], request = 1): Buffer {
  const frame = clientCodec.encode({ type: 'PUBLISH', request, topic, records: wireRecords(texts) });
  return Buffer.from(frame.subarray(5));
}

/** What the log of a topic holds, in lines. */
const held = (world: World, topic: string) => sealed(world.topics.use(topic).log);

test(
  'ids are given out at once, and lie in the log when the turn ends',
  withWorld({}, async (world) => {
    const [ann, ben] = [world.join(), world.join()];
    ann.create('t', MINUTE);
    assert.equal(ann.publish('a', 'b'), { firstId: 1, count: 2 }, 'the first ids');
    assert.equal(ben.publish('c'), { firstId: 3, count: 1 }, 'the id after them');
    assert.is(publishBody(ann, body('t', ['d'], 0)), undefined, 'request 0 asks for no answer');
    assert.equal(held(world, 't'), [], 'something was sealed before the turn ended');
    await world.endTurn();
    assert.equal(held(world, 't'), ['1-4 a b c d'], 'one frame of all that the turn brought');
  }),
);

test(
  'each message lands in its own topic, also where the last one went to another',
  withWorld({}, async (world) => {
    const ann = world.join();
    for (const topic of ['t', 'u', 'tt', 't', 't', 'u', 'tt']) {
      ann.create(topic, MINUTE);
      publishBody(ann, body(topic, [topic]));
    }
    await world.endTurn();
    assert.equal(held(world, 't'), ['1-3 t t t'], 't');
    assert.equal(held(world, 'u'), ['1-2 u u'], 'u');
    assert.equal(held(world, 'tt'), ['1-2 tt tt'], 'tt');
  }),
);

test(
  'duplicates get no id; what they came with does',
  withWorld({}, async (world) => {
    const ann = world.join();
    ann.create('t', { retentionMs: 0, dedupeMs: 100 });
    const { log } = world.topic;
    assert.equal(
      ann.publish(['k', 'a'], 'b', ['k', 'c'], ['l', 'd']),
      { firstId: 1, count: 3 },
      'three of four',
    );
    assert.equal(ann.publish(['k', 'e']), { firstId: 0, count: 0 }, 'none');
    await world.endTurn(101);
    assert.is(log.lastId, 3, 'ids that were given out');
    assert.equal(ann.publish(['k', 'f']), { firstId: 4, count: 1 }, 'its time is over');
  }),
);

test(
  'a batch that is larger than a frame may be lies in several',
  withWorld({ maxFrameSize: 200 }, async (world) => {
    const ann = world.join();
    ann.create('t', MINUTE);
    const texts = Array.from({ length: 40 }, (_, i) => `message-${i}`);
    assert.equal(ann.publish(...texts), { firstId: 1, count: 40 }, 'published');
    await world.endTurn();
    const found = held(world, 't');
    assert.ok(found.length > 1, 'it lies in one frame');
    assert.is(world.topic.log.sealedId, 40, 'all of them');
  }),
);

test(
  'what chapter 4 refuses is refused with the same code, and changes nothing',
  withWorld({ maxTopics: 2, maxFrameSize: 1_000 }, async (world) => {
    const ann = world.join();
    ann.publish('first');
    await world.endTurn();
    const { length } = body('t', ['']);
    for (const [what, bytes, code] of [
      ['no topic', body('', ['a']), 'BAD_TOPIC'],
      ['a pattern', body('a.*', ['a']), 'BAD_TOPIC'],
      ['no message', body('t', []), 'BAD_REQUEST'],
      ['more than a frame holds', body('t', ['x'.repeat(990)]), 'BAD_REQUEST'],
      ['half a record', body('t', ['abc']).subarray(0, length + 1), 'BAD_FRAME'],
      ['a byte too many', Buffer.concat([body('t', ['abc']), Buffer.alloc(1)]), 'BAD_FRAME'],
      ['not even a request', Buffer.alloc(3), 'BAD_FRAME'],
      // 0xff is no UTF-8. Where it is replaced instead of refused, it reads like a name.
      ['no UTF-8', Buffer.from(body('x', ['a'])).fill(0xff, 5, 6), 'BAD_TEXT'],
    ] as const) {
      assert.is(
        refusal(() => publishBody(ann, bytes)),
        code,
        what,
      );
    }
    const long = clientCodec.encode({
      type: 'PUBLISH',
      request: 1,
      topic: 't',
      records: [{ key: 'k'.repeat(129), payload: Buffer.alloc(0) }],
    });
    assert.is(
      refusal(() => publishBody(ann, long.subarray(5))),
      'BAD_KEY',
      'a key that is too long',
    );
    publishBody(ann, body('second', ['a']));
    assert.is(
      refusal(() => publishBody(ann, body('third', ['a']))),
      'LIMIT',
      'one topic too many',
    );
    assert.is(world.topics.get('third'), undefined, 'the refused request has left a topic behind');
    assert.is(world.topic.log.lastId, 1, 'a refused request has an id');
    assert.equal(ann.publish('next'), { firstId: 2, count: 1 }, 'it goes on');
  }),
);

test(
  'a name that is no UTF-8 is not taken for the topic whose name it reads like',
  withWorld({}, async (world) => {
    const ann = world.join();
    publishBody(ann, body('\ufffd', ['a']));
    // Its bytes are other ones than those of U+FFFD; decoded carelessly, both are the same text.
    const bad = Buffer.from(body('x', ['b'])).fill(0xff, 5, 6);
    assert.is(
      refusal(() => publishBody(ann, bad)),
      'BAD_TEXT',
      'it was taken',
    );
    assert.is(world.topics.use('\ufffd').log.lastId, 1, 'it landed in the log of another topic');
  }),
);

test(
  'the settings of a topic: the same again is fine, others are not',
  withWorld({ maxTopics: 1 }, async (world) => {
    const ann = world.join();
    ann.create('t', MINUTE);
    ann.create('t', MINUTE);
    assert.is(
      refusal(() => ann.create('t', { ...MINUTE, dedupeMs: 1 })),
      'TOPIC_EXISTS',
      'other settings',
    );
    assert.is(
      refusal(() => ann.create('v', MINUTE)),
      'LIMIT',
      'a second topic',
    );
    assert.is(world.topics.get('v'), undefined, 'the refused request has left a topic behind');
  }),
);

test.run();

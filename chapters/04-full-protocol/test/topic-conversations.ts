/** Conversations about topics: names, settings, retention, dedupe, limits. Part of the conversation suite. */
import assert from 'node:assert/strict';
import { readMessages } from './conversation-messages.ts';
import { create, lag, publish, subscribe } from './conversation-requests.ts';
import type { Subject } from './conversation-suite.ts';
import { conversation } from './with-broker.ts';

export function topicConversations(subject: Subject): void {
  names(subject);
  settings(subject);
  retention(subject);
  duplicates(subject);
}

function names(subject: Subject): void {
  conversation('names that trip programs up are ordinary names', subject, {}, async ({ hello }) => {
    const client = await hello();
    const topics = [
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      ' ',
      '.',
      '..',
      '\u{feff}',
      'é',
      'e\u0301',
    ];
    for (const topic of topics) client.frames(subscribe(1, topic));
    for (const _ of topics) await client.expect({ type: 'OK', request: 1 });
    for (const topic of topics) {
      client.frames(publish(2, topic, topic));
      await client.expect({ type: 'PUBLISHED', request: 2, firstId: 1, count: 1 });
      const payload = Buffer.from(topic).toString('hex');
      await client.expect({ type: 'MESSAGES', topic, firstId: 1, records: [{ key: '', payload }] });
    }
  });

  conversation(
    'a name over the limit is refused, by its bytes',
    subject,
    { maxTopicBytes: 8 },
    async ({ hello }) => {
      const client = await hello();
      client.frames(create(1, 'жжжж'), create(2, 'жжжжж'), publish(3, 'жжжжж', 'x'), subscribe(4, 'жжжжж'));
      await client.expect({ type: 'OK', request: 1 });
      for (const request of [2, 3, 4]) await client.expectError('BAD_TOPIC', request);
      await client.expectAlive();
    },
  );

  conversation('topics are limited; those that exist go on', subject, { maxTopics: 2 }, async ({ hello }) => {
    const client = await hello();
    // Made, and not only used: one that holds nothing might make room.
    client.frames(create(1, 'a'), create(2, 'b'));
    await client.expect({ type: 'OK', request: 1 });
    await client.expect({ type: 'OK', request: 2 });
    client.frames(
      create(3, 'c'),
      publish(4, 'c', 'x'),
      subscribe(5, 'c'),
      publish(6, 'b', 'x'),
      subscribe(7, 'a'),
    );
    for (const request of [3, 4, 5]) await client.expectError('LIMIT', request);
    await client.expect({ type: 'PUBLISHED', request: 6, firstId: 1 });
    await client.expect({ type: 'OK', request: 7 });
  });

  conversation(
    'subscriptions are limited for each connection',
    subject,
    { maxSubscriptions: 2 },
    async ({ hello }) => {
      const [client, other] = [await hello(), await hello()];
      client.frames(subscribe(1, 'a'), subscribe(2, 'b'), subscribe(3, 'c'), subscribe(4, 'b'));
      await client.expect({ type: 'OK', request: 1 });
      await client.expect({ type: 'OK', request: 2 });
      await client.expectError('LIMIT', 3);
      await client.expect({ type: 'OK', request: 4 });
      other.frames(subscribe(1, 'c'));
      await other.expect({ type: 'OK', request: 1 });
    },
  );

  conversation('a refused request leaves no topic behind', subject, { maxTopics: 1 }, async ({ hello }) => {
    const client = await hello();
    client.frames(
      subscribe(1, 'a', { start: 2, after: 5 }),
      publish(2, 'b'),
      publish(3, 'c', ['k'.repeat(129), 'x']),
    );
    await client.expectError('OUT_OF_RANGE', 1);
    await client.expectError('BAD_REQUEST', 2);
    await client.expectError('BAD_KEY', 3);
    client.frames(create(4, 'd'));
    await client.expect({ type: 'OK', request: 4 });
  });
}

function settings(subject: Subject): void {
  conversation('created again: same settings, other settings', subject, {}, async ({ hello }) => {
    const client = await hello();
    client.frames(create(1, 't', 5000, 100), create(2, 't', 5000, 100));
    await client.expect({ type: 'OK', request: 1 });
    await client.expect({ type: 'OK', request: 2 });
    client.frames(create(3, 't', 5001, 100), create(4, 't', 5000, 0), create(5, 't'));
    for (const request of [3, 4, 5]) await client.expectError('TOPIC_EXISTS', request);
  });

  conversation(
    'a topic that came by use takes the first settings that come',
    subject,
    {},
    async ({ hello }) => {
      const client = await hello();
      client.frames(publish(1, 'p', 'x'), subscribe(2, 's'));
      await client.expect({ type: 'PUBLISHED', request: 1, firstId: 1 });
      await client.expect({ type: 'OK', request: 2 });
      for (const topic of ['p', 's']) {
        client.frames(create(3, topic, 60_000), create(4, topic, 1));
        await client.expect({ type: 'OK', request: 3 });
        await client.expectError('TOPIC_EXISTS', 4);
      }
      client.frames(publish(5, 'p', 'kept'), subscribe(6, 'p', { start: 0 }));
      await client.expect({ type: 'PUBLISHED', request: 5, firstId: 2 });
      await client.expect({ type: 'OK', request: 6 });
      assert.deepEqual(await readMessages(client, 1), [[2, 'kept']]);
    },
  );
}

function retention(subject: Subject): void {
  conversation('with retention, who comes late gets what is kept', subject, {}, async ({ hello }) => {
    const [alice, bob] = [await hello(), await hello()];
    alice.frames(create(1, 't', 60_000), publish(2, 't', 'a', 'b', 'c'));
    await alice.expect({ type: 'OK' });
    await alice.expect({ type: 'PUBLISHED', firstId: 1, count: 3 });
    bob.frames(subscribe(1, 't', { start: 0 }));
    await bob.expect({ type: 'OK' });
    assert.deepEqual(await readMessages(bob, 3), [
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ]);
  });

  conversation('without, only who is there', subject, {}, async ({ hello }) => {
    const [alice, bob] = [await hello(), await hello()];
    alice.frames(subscribe(1, 't'), publish(2, 't', 'a'));
    await alice.expect({ type: 'OK' });
    await alice.expect({ type: 'PUBLISHED' });
    await alice.expect({ type: 'MESSAGES', firstId: 1 });
    bob.frames(subscribe(1, 't', { start: 0 }));
    await bob.expect({ type: 'OK' });
    await bob.expectAlive();
    alice.frames(publish(3, 't', 'b'));
    assert.deepEqual(await readMessages(bob, 1), [[2, 'b']]);
  });

  conversation(
    'what is too old is not delivered, and is told to who resumes',
    subject,
    {},
    async ({ hello }) => {
      const [alice, bob] = [await hello(), await hello()];
      alice.frames(create(1, 't', 40), publish(2, 't', 'old'));
      await alice.expect({ type: 'OK' });
      await alice.expect({ type: 'PUBLISHED' });
      // Until it is too old, it is delivered.
      for (let first = ''; first !== 'SKIPPED'; ) {
        bob.frames(subscribe(1, 't', { start: 2, after: 0 }));
        await bob.expect({ type: 'OK' });
        const frame = await bob.next();
        first = frame.type;
        if (frame.type !== 'SKIPPED') continue;
        assert.deepEqual([frame.topic, frame.fromId, frame.toId], ['t', 1, 1]);
      }
      await bob.expectAlive();
      alice.frames(publish(3, 't', 'new'));
      await bob.expect({ type: 'MESSAGES', firstId: 2 });
    },
  );

  conversation(
    'the bytes that are kept are bounded: the oldest go',
    subject,
    { maxRetainedBytes: 100_000 },
    async (talk) => {
      const [alice, bob] = [await talk.hello(), await talk.hello()];
      alice.frames(create(1, 't', 60_000));
      await alice.expect({ type: 'OK' });
      const count = 30;
      for (let i = 1; i <= count; i++) {
        alice.frames(publish(2, 't', 'x'.repeat(10_000)));
        await alice.expect({ type: 'PUBLISHED', firstId: i });
      }
      bob.frames(subscribe(1, 't', { start: 2, after: 0 }));
      await bob.expect({ type: 'OK' });
      const skipped = await bob.expect({ type: 'SKIPPED', topic: 't', fromId: 1 });
      assert.ok(skipped.type === 'SKIPPED', 'what is gone is told');
      const kept = count - skipped.toId;
      assert.ok(kept >= 5 && kept <= 10, `${kept} messages of 10,000 bytes are kept`);
      const messages = await readMessages(bob, kept);
      assert.equal(messages[0]?.[0], skipped.toId + 1);
    },
  );
}

function duplicates(subject: Subject): void {
  conversation('of two messages with one key the second is dropped', subject, {}, async ({ hello }) => {
    const [alice, bob] = [await hello(), await hello()];
    alice.frames(create(1, 't', 0, 60_000));
    await alice.expect({ type: 'OK' });
    bob.frames(subscribe(1, 't', { window: 10 }));
    await bob.expect({ type: 'OK' });
    alice.frames(publish(2, 't', ['k', 'a'], ['k', 'again'], ['l', 'b'], 'no key', 'no key', ['k', 'again']));
    await alice.expect({ type: 'PUBLISHED', request: 2, firstId: 1, count: 4 });
    const messages = await readMessages(bob, 4);
    assert.deepEqual(
      messages.map(([, text]) => text),
      ['a', 'b', 'no key', 'no key'],
    );
    // A duplicate gets no id: there is no gap.
    assert.deepEqual(
      messages.map(([id]) => id),
      [1, 2, 3, 4],
    );
    // Duplicates are not lag, and nothing else comes.
    bob.frames(lag(3));
    await bob.expect({ type: 'LAG', messages: 4 });
    await bob.expectAlive();
  });

  conversation('a publish of duplicates alone', subject, {}, async ({ hello }) => {
    const alice = await hello();
    alice.frames(
      create(1, 't', 0, 60_000),
      publish(2, 't', ['k', 'a']),
      publish(3, 't', ['k', 'b'], ['k', 'c']),
    );
    await alice.expect({ type: 'OK' });
    await alice.expect({ type: 'PUBLISHED', request: 2, firstId: 1, count: 1 });
    await alice.expect({ type: 'PUBLISHED', request: 3, firstId: 0, count: 0 });
  });

  conversation('after the window the key passes again', subject, {}, async ({ hello }) => {
    const alice = await hello();
    alice.frames(create(1, 't', 0, 30), subscribe(2, 't'));
    await alice.expect({ type: 'OK' });
    await alice.expect({ type: 'OK' });
    alice.frames(publish(0, 't', ['k', 'first']));
    assert.deepEqual((await readMessages(alice, 1))[0]?.[1], 'first');
    for (let count = 0; count === 0; ) {
      alice.frames(publish(3, 't', ['k', 'second']));
      const frame = await alice.expect({ type: 'PUBLISHED', request: 3 });
      count = frame.type === 'PUBLISHED' ? frame.count : 0;
    }
    assert.deepEqual((await readMessages(alice, 1))[0]?.[1], 'second');
  });

  conversation(
    'a flood of keys is bounded: the oldest is forgotten',
    subject,
    { maxKeys: 10 },
    async ({ hello }) => {
      const alice = await hello();
      alice.frames(create(1, 't', 0, 60_000), subscribe(2, 't'));
      await alice.expect({ type: 'OK' });
      await alice.expect({ type: 'OK' });
      for (let i = 0; i <= 10; i++) alice.frames(publish(0, 't', [`k${i}`, `${i}`]));
      await readMessages(alice, 11);
      // k0 has been forgotten, k10 has not.
      alice.frames(publish(0, 't', ['k10', 'dropped'], ['k0', 'passes']));
      assert.equal((await readMessages(alice, 1))[0]?.[1], 'passes');
    },
  );
}

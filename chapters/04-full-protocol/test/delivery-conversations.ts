/** Conversations about what subscribers get: order, windows, commits, lag, slowness. Part of the conversation suite. */
import assert from 'node:assert/strict';
import { until } from './conversation-client.ts';
import { readMessages } from './conversation-messages.ts';
import { commit, create, lag, publish, subscribe, unsubscribe } from './conversation-requests.ts';
import type { Subject } from './conversation-suite.ts';
import { textOf } from './golden-vectors.ts';
import { conversation } from './with-broker.ts';

export function deliveryConversations(subject: Subject): void {
  subscriptions(subject);
  windows(subject);
  lags(subject);
  batches(subject);
  slowness(subject);
}

function subscriptions(subject: Subject): void {
  conversation('own messages come back, and the PUBLISHED comes first', subject, {}, async ({ hello }) => {
    const client = await hello();
    client.frames(subscribe(1, 't'), publish(2, 't', 'mine'));
    await client.expect({ type: 'OK', request: 1 });
    await client.expect({ type: 'PUBLISHED', request: 2, firstId: 1, count: 1 });
    assert.deepEqual(await readMessages(client, 1), [[1, 'mine']]);
  });

  conversation('each start begins where it says; OK comes first', subject, {}, async ({ hello }) => {
    const alice = await hello();
    alice.frames(create(1, 't', 60_000), publish(2, 't', 'a', 'b', 'c'));
    await alice.expect({ type: 'OK' });
    await alice.expect({ type: 'PUBLISHED' });
    const starts = [
      { start: 0, after: 0, texts: ['a', 'b', 'c', 'd'] },
      { start: 1, after: 0, texts: ['d'] },
      { start: 2, after: 0, texts: ['a', 'b', 'c', 'd'] },
      { start: 2, after: 2, texts: ['c', 'd'] },
      { start: 2, after: 3, texts: ['d'] },
    ];
    const readers = [];
    for (const { start: where, after } of starts) {
      const reader = await hello();
      reader.frames(subscribe(9, 't', { start: where, after }));
      await reader.expect({ type: 'OK', request: 9 });
      readers.push(reader);
    }
    alice.frames(publish(3, 't', 'd'));
    for (const [i, { texts }] of starts.entries()) {
      const messages = await readMessages(readers[i]!, texts.length);
      assert.deepEqual(
        messages,
        texts.map((text) => ['abcd'.indexOf(text) + 1, text]),
      );
      await readers[i]!.expectAlive();
    }
  });

  conversation(
    'after an id in the future: OUT_OF_RANGE, the largest id too',
    subject,
    {},
    async ({ hello }) => {
      const client = await hello();
      client.frames(publish(1, 't', 'a'), subscribe(2, 't', { start: 2, after: 2 }));
      await client.expect({ type: 'PUBLISHED' });
      await client.expectError('OUT_OF_RANGE', 2);
      client.hex(`00000013 04 00000003 0174 02 ffffffffffffffff 0000 00`);
      await client.expectError('OUT_OF_RANGE', 3);
      client.frames(unsubscribe(4, 't'));
      await client.expectError('NOT_SUBSCRIBED', 4);
    },
  );

  conversation('subscribed twice: once, with the new start and window', subject, {}, async ({ hello }) => {
    const client = await hello();
    client.frames(
      create(1, 't', 60_000),
      publish(0, 't', 'a', 'b', 'c'),
      subscribe(2, 't', { start: 0, window: 1 }),
    );
    await client.expect({ type: 'OK', request: 1 });
    await client.expect({ type: 'OK', request: 2 });
    assert.deepEqual(await readMessages(client, 1), [[1, 'a']]);
    client.frames(subscribe(3, 't', { start: 2, after: 1, window: 2 }), lag(4));
    await client.expect({ type: 'OK', request: 3 });
    const counted = await client.next();
    // The lag's answer and the messages may come in either order.
    const first = counted.type === 'LAG' ? counted : undefined;
    if (first === undefined) {
      const isBoth = counted.type === 'MESSAGES' && counted.firstId === 2 && counted.records.length === 2;
      assert.ok(isBoth, 'ids 2 and 3 come in one frame');
      await client.expect({ type: 'LAG', messages: 2 });
    } else {
      assert.equal(first.messages, 2);
      assert.deepEqual(await readMessages(client, 2), [
        [2, 'b'],
        [3, 'c'],
      ]);
    }
    client.frames(publish(0, 't', 'd'), commit('t', 3));
    assert.deepEqual(await readMessages(client, 1), [[4, 'd']]);
    await client.expectAlive();
  });

  conversation(
    'published and subscribed to in one turn: each message once',
    subject,
    {},
    async ({ hello }) => {
      const client = await hello();
      // With a subscription already there, the broker has begun to pass messages on to this client.
      client.frames(create(1, 't', 60_000), subscribe(2, 'other'));
      await client.expect({ type: 'OK', request: 1 });
      await client.expect({ type: 'OK', request: 2 });
      client.frames(publish(0, 't', 'a', 'b'), subscribe(3, 't', { start: 0 }), publish(0, 't', 'c'));
      await client.expect({ type: 'OK', request: 3 });
      assert.deepEqual(await readMessages(client, 3), [
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
      ]);
      await client.expectAlive();
    },
  );

  conversation('a failed SUBSCRIBE leaves the old subscription as it was', subject, {}, async ({ hello }) => {
    const client = await hello();
    client.frames(
      subscribe(1, 't', { window: 5 }),
      subscribe(2, 't', { start: 2, after: 9 }),
      publish(3, 't', 'a'),
    );
    await client.expect({ type: 'OK', request: 1 });
    await client.expectError('OUT_OF_RANGE', 2);
    await client.expect({ type: 'PUBLISHED', request: 3 });
    assert.deepEqual(await readMessages(client, 1), [[1, 'a']]);
  });

  conversation('after UNSUBSCRIBE nothing more comes', subject, {}, async ({ hello }) => {
    const client = await hello();
    client.frames(
      subscribe(1, 't'),
      subscribe(2, 'u'),
      publish(0, 't', 'a'),
      unsubscribe(3, 't'),
      publish(0, 't', 'b'),
    );
    client.frames(publish(0, 'u', 'c'), commit('t', 1), unsubscribe(4, 't'), lag(5));
    await client.expect({ type: 'OK', request: 1 });
    await client.expect({ type: 'OK', request: 2 });
    // What was published before the UNSUBSCRIBE may come before its OK.
    let frame = await client.next();
    if (frame.type === 'MESSAGES') frame = await client.next();
    assert.ok(frame.type === 'OK' && frame.request === 3, `not the OK of request 3 but ${frame.type}`);
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push(await client.next());
    const messages = answers.filter((answer) => answer.type === 'MESSAGES');
    assert.deepEqual(
      messages.map(({ topic }) => topic),
      ['u'],
    );
    await client.expectAlive();
  });

  conversation('topics do not leak into one another', subject, {}, async ({ hello }) => {
    const client = await hello();
    client.frames(
      subscribe(1, 'a'),
      publish(2, 'b', 'x'),
      publish(3, 'A', 'x'),
      publish(4, 'a.', 'x'),
      publish(5, 'a', 'y'),
    );
    await client.expect({ type: 'OK', request: 1 });
    for (const request of [2, 3, 4, 5]) await client.expect({ type: 'PUBLISHED', request, firstId: 1 });
    await client.expect({ type: 'MESSAGES', topic: 'a', firstId: 1, records: [{ key: '', payload: '79' }] });
    await client.expectAlive();
  });

  conversation('many topics on one connection, each in its order', subject, {}, async ({ hello }) => {
    const [alice, bob] = [await hello(), await hello()];
    const topics = Array.from({ length: 20 }, (_, i) => `t${i}`);
    bob.frames(...topics.map((topic) => subscribe(1, topic)));
    for (const _ of topics) await bob.expect({ type: 'OK' });
    for (let round = 1; round <= 10; round++) {
      alice.frames(...topics.map((topic) => publish(0, topic, `${topic} ${round}`)));
    }
    const next = new Map(topics.map((topic) => [topic, 1]));
    for (let got = 0; got < 200; ) {
      const frame = await bob.next();
      assert.ok(frame.type === 'MESSAGES', `not MESSAGES but ${frame.type}`);
      for (const [i, { payload }] of frame.records.entries()) {
        const id: number = frame.firstId + i;
        assert.equal(id, next.get(frame.topic));
        assert.equal(textOf(payload), `${frame.topic} ${id}`);
        next.set(frame.topic, id + 1);
        got += 1;
      }
    }
  });
}

function windows(subject: Subject): void {
  conversation('window 1 is lock-step, on a batch too', subject, {}, async ({ hello }) => {
    const client = await hello();
    const texts = Array.from({ length: 50 }, (_, i) => `${i + 1}`);
    client.frames(subscribe(1, 't', { window: 1 }), publish(2, 't', ...texts));
    await client.expect({ type: 'OK' });
    await client.expect({ type: 'PUBLISHED', firstId: 1, count: 50 });
    for (let id = 1; id <= 50; id++) {
      const frame = await client.expect({ type: 'MESSAGES', firstId: id });
      assert.ok(frame.type === 'MESSAGES' && frame.records.length === 1, 'a window of 1 takes one message');
      if (id % 10 === 0) await client.expectAlive();
      client.frames(commit('t', id));
    }
    client.frames(lag(3));
    await client.expect({ type: 'LAG', request: 3, messages: 0 });
  });

  conversation('COMMIT is cumulative, and opens the window by so many', subject, {}, async ({ hello }) => {
    const client = await hello();
    client.frames(subscribe(1, 't', { window: 4 }), publish(0, 't', ...'abcdefghij'));
    await client.expect({ type: 'OK' });
    assert.deepEqual((await readMessages(client, 4)).at(-1), [4, 'd']);
    await client.expectAlive();
    client.frames(commit('t', 3));
    assert.deepEqual((await readMessages(client, 3)).at(-1), [7, 'g']);
    await client.expectAlive();
    client.frames(commit('t', 7));
    assert.deepEqual((await readMessages(client, 3)).at(-1), [10, 'j']);
  });

  conversation(
    'COMMIT: again, of 0, of less is fine; beyond what was delivered is not',
    subject,
    {},
    async ({ hello }) => {
      const client = await hello();
      client.frames(subscribe(1, 't', { window: 2 }), publish(0, 't', 'a', 'b', 'c'));
      await client.expect({ type: 'OK' });
      await readMessages(client, 2);
      client.frames(commit('t', 0), commit('t', 1), commit('t', 1), commit('t', 0));
      assert.deepEqual(await readMessages(client, 1), [[3, 'c']]);
      client.frames(commit('t', 4));
      await client.expectError('BAD_COMMIT', 0);
      client.hex('0000000b 06 0174 ffffffffffffffff');
      await client.expectError('BAD_COMMIT', 0);
      client.frames(commit('other', 1));
      await client.expectError('NOT_SUBSCRIBED', 0);
      client.frames(lag(2));
      await client.expect({ type: 'LAG', messages: 2 });
    },
  );

  conversation('each subscription has a window of its own', subject, {}, async ({ hello }) => {
    const client = await hello();
    client.frames(subscribe(1, 'a', { window: 1 }), subscribe(2, 'b', { window: 1 }));
    client.frames(publish(0, 'a', '1', '2'), publish(0, 'b', '1', '2'));
    await client.expect({ type: 'OK' });
    await client.expect({ type: 'OK' });
    const topics = [];
    for (let i = 0; i < 2; i++) {
      const frame = await client.expect({ type: 'MESSAGES', firstId: 1 });
      if (frame.type === 'MESSAGES') topics.push(frame.topic);
    }
    assert.deepEqual(topics.sort(), ['a', 'b']);
    client.frames(commit('b', 1));
    await client.expect({ type: 'MESSAGES', topic: 'b', firstId: 2 });
    await client.expectAlive();
  });

  conversation('one client does not hold up another', subject, {}, async ({ hello }) => {
    const [slow, quick] = [await hello(), await hello()];
    slow.frames(subscribe(1, 't', { window: 1 }));
    quick.frames(subscribe(1, 't'));
    await slow.expect({ type: 'OK' });
    await quick.expect({ type: 'OK' });
    quick.frames(publish(0, 't', ...'abc'));
    assert.equal((await readMessages(quick, 3)).length, 3);
    await slow.expect({ type: 'MESSAGES', firstId: 1 });
    await slow.expectAlive();
  });
}

function lags(subject: Subject): void {
  conversation('LAG is the sum over all subscriptions', subject, {}, async ({ hello }) => {
    const client = await hello();
    client.frames(subscribe(1, 'a', { window: 1 }), subscribe(2, 'b', { window: 2 }), subscribe(3, 'c'));
    client.frames(publish(4, 'a', '1', '2'), publish(5, 'b', '1', '2', '3'), publish(6, 'c', '1', '2'));
    const seen = { answers: 0, messages: 0 };
    while (seen.answers < 6 || seen.messages < 5) {
      const frame = await client.next();
      if (frame.type === 'MESSAGES') seen.messages += frame.records.length;
      else seen.answers += 1;
    }
    client.frames(lag(7));
    await client.expect({ type: 'LAG', request: 7, messages: 5 });
    client.frames(commit('a', 1), lag(8));
    const frames = [await client.next(), await client.next()];
    const counted = frames.find((frame) => frame.type === 'LAG');
    assert.equal(counted?.messages, 4);
    client.frames(unsubscribe(9, 'b'), lag(10));
    await client.expect({ type: 'OK', request: 9 });
    await client.expect({ type: 'LAG', request: 10, messages: 1 });
  });

  conversation('LAG counts what others published before it', subject, {}, async ({ hello }) => {
    const [alice, bob] = [await hello(), await hello()];
    bob.frames(subscribe(1, 't', { window: 1 }));
    await bob.expect({ type: 'OK' });
    alice.frames(publish(1, 't', 'a', 'b', 'c'));
    await alice.expect({ type: 'PUBLISHED' });
    bob.frames(lag(2));
    const frames = [await bob.next(), await bob.next()];
    assert.equal(frames.find((frame) => frame.type === 'LAG')?.messages, 3);
  });
}

function batches(subject: Subject): void {
  conversation('a large batch comes whole, in order, in few frames', subject, {}, async ({ hello }) => {
    const client = await hello();
    client.frames(subscribe(1, 't'));
    await client.expect({ type: 'OK' });
    const texts = Array.from({ length: 20_000 }, (_, i) => `${i}`);
    client.frames(publish(0, 't', ...texts));
    let next = 1;
    let frames = 0;
    while (next <= texts.length) {
      const frame = await client.next();
      assert.ok(frame.type === 'MESSAGES', `not MESSAGES but ${frame.type}`);
      assert.equal(frame.firstId, next);
      for (const { payload } of frame.records) {
        assert.equal(textOf(payload), `${next - 1}`);
        next += 1;
      }
      frames += 1;
    }
    assert.ok(frames <= 200, `${frames} frames for ${texts.length} messages`);
  });

  conversation('frames stay within the limit', subject, { maxFrameSize: 1_000 }, async ({ hello }) => {
    const client = await hello();
    client.frames(subscribe(1, 't'));
    await client.expect({ type: 'OK' });
    for (let i = 0; i < 20; i++) client.frames(publish(0, 't', 'x'.repeat(300), 'y'.repeat(300)));
    let got = 0;
    while (got < 40) {
      const frame = await client.next();
      assert.ok(frame.type === 'MESSAGES', `not MESSAGES but ${frame.type}`);
      got += frame.records.length;
      // 12 bytes and the topic's name, and for each record 6 bytes and the payload.
      assert.ok(13 + frame.records.length * 306 <= 1_000, `a frame of ${frame.records.length} messages`);
    }
  });

  conversation('large and empty messages, and the largest', subject, {}, async ({ hello }) => {
    const client = await hello();
    client.frames(subscribe(1, 't'));
    await client.expect({ type: 'OK' });
    const texts = ['', 'x'.repeat(100_000), '', 'y'.repeat(1_048_576 - 12 - 1 - 6), 'z'];
    for (const text of texts) client.frames(publish(0, 't', text));
    const messages = await readMessages(client, texts.length);
    assert.deepEqual(
      messages.map(([, text]) => text),
      texts,
      'what was published, in its order',
    );
  });
}

function slowness(subject: Subject): void {
  for (const [what, options] of [
    ['messages', { maxLagMessages: 500 }],
    ['bytes', { maxLagBytes: 500_000 }],
  ] as const) {
    conversation(
      `a subscriber that never reads is closed at its limit of ${what}`,
      subject,
      options,
      async (talk) => {
        const [sleeper, reader, publisher] = [await talk.hello(), await talk.hello(), await talk.hello()];
        for (const client of [sleeper, reader]) {
          client.frames(subscribe(1, 't'));
          await client.expect({ type: 'OK' });
        }
        sleeper.socket.pause();
        let gone = false;
        sleeper.socket.on('close', () => {
          gone = true;
        });
        let published = 0;
        let received = 0;
        while (!gone) {
          // In step with the one that reads, so that only the sleeper is slow.
          publisher.frames(publish(1, 't', ...Array.from({ length: 10 }, () => 'x'.repeat(10_000))));
          await publisher.expect({ type: 'PUBLISHED', firstId: published + 1, count: 10 });
          published += 10;
          while (received < published) received += (await readSome(reader)).length;
          assert.ok(published < 100_000, 'it should have been closed long ago');
          // A paused socket does not notice the end; a byte that it cannot send does it for it.
          if (sleeper.socket.writable) sleeper.hex('00000001 07');
        }
        await reader.expectAlive();
        await publisher.expectAlive();
      },
    );
  }

  conversation(
    'the one that is closed for slowness is told',
    subject,
    { maxLagMessages: 50 },
    async ({ hello }) => {
      const [sleeper, publisher] = [await hello(), await hello()];
      sleeper.frames(subscribe(1, 't', { window: 1 }));
      await sleeper.expect({ type: 'OK' });
      publisher.frames(publish(1, 't', ...Array.from({ length: 60 }, (_, i) => `${i}`)));
      await publisher.expect({ type: 'PUBLISHED' });
      let frame = await sleeper.next();
      while (frame.type === 'MESSAGES') frame = await sleeper.next();
      assert.ok(frame.type === 'ERROR' && frame.code === 9, `not SLOW but ${frame.type}`);
      await sleeper.expectEnd();
      await until(() => sleeper.ended, 'the end');
      await publisher.expectAlive();
    },
  );
}

async function readSome(client: { next(): Promise<unknown> }): Promise<readonly unknown[]> {
  const frame = (await client.next()) as { type: number; records?: readonly unknown[] };
  assert.equal(frame.type, 'MESSAGES');
  return frame.records ?? [];
}

/** What only this chapter's broker has: options, status, its log, its ways of failing to start. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeveretError } from '#framing';
import { connect, startBroker } from '#protocol/old';
import { closing } from './leftovers.ts';
import { RawClient, until } from './raw-client.ts';
import { readMessages } from './read-messages.ts';
import { commit, create, publish, subscribe } from './requests.ts';

const timeout = 20_000;

test('a port in use: one line that says what to do', { timeout }, async () => {
  const first = closing(await startBroker());
  await assert.rejects(startBroker({ port: first.port }), (error: unknown) => {
    assert.ok(error instanceof LeveretError && error.code === 'ADDRESS_IN_USE');
    assert.match(error.message, new RegExp(`port ${first.port} .*in use.*--port`));
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });
  await first.close();
});

test('an address that others reach needs a token, or insistence', { timeout }, async () => {
  const insecure = (error: unknown) => error instanceof LeveretError && error.code === 'INSECURE';
  await assert.rejects(startBroker({ host: '0.0.0.0' }), insecure);
  await assert.rejects(startBroker({ host: '0.0.0.0', token: '' }), insecure);
  for (const options of [{ token: 'secret' }, { insecure: true }]) {
    const broker = closing(await startBroker({ host: '0.0.0.0', ...options }));
    await broker.close();
  }
});

test('a limit out of range is refused, and the value quoted', { timeout }, async () => {
  for (const options of [{ maxFrameSize: 0 }, { idleMs: -1 }, { maxTopics: 1.5 }, { maxTopicBytes: 256 }]) {
    const [[name, value] = ['', 0]] = Object.entries(options);
    await assert.rejects(startBroker(options), (error: unknown) => {
      assert.ok(error instanceof RangeError);
      assert.match(error.message, new RegExp(`${name}.*${value}`));
      return true;
    });
  }
});

test('status counts, and everything returns to nothing', { timeout }, async () => {
  const broker = closing(await startBroker());
  const silent = closing(await RawClient.open(broker));
  const client = closing(await connect({ port: broker.port }));
  await client.subscribe('a');
  await client.subscribe('b');
  await client.publishMany('a', [{ payload: '1' }, { payload: '2' }]);
  assert.deepEqual(broker.status(), {
    connections: 2,
    pending: 1,
    subscriptions: 2,
    topics: 2,
    published: 2,
  });
  await silent.close();
  await client.close();
  await until(() => broker.status().connections === 0, 'both are gone');
  assert.deepEqual(broker.status(), {
    connections: 0,
    pending: 0,
    subscriptions: 0,
    topics: 2,
    published: 2,
  });
  await broker.close();
  await broker.close();
});

test('a turn with more messages than the channel holds loses none', { timeout }, async () => {
  const broker = closing(await startBroker({ channelCapacity: 4 }));
  const client = closing(await RawClient.hello(broker));
  client.frames(subscribe(1, 't'), publish(2, 't', ...'abcdefghijklmnopqrstuvwxyz'));
  await client.expect({ type: 'OK', request: 1 });
  await client.expect({ type: 'PUBLISHED', firstId: 1, count: 26 });
  const messages = await readMessages(client, 26);
  assert.equal(messages.map(([, text]) => text).join(''), 'abcdefghijklmnopqrstuvwxyz');
  await client.close();
  await broker.close();
});

test('a turn with more work than is allowed goes on in the next, in order', { timeout }, async () => {
  const broker = closing(await startBroker({ workPerTurn: 2 }));
  const client = closing(await RawClient.hello(broker));
  const frames = Array.from({ length: 200 }, (_, i) => publish(i + 1, 't', `${i}`));
  client.frames(...frames).hex('00000001 07 00000000');
  for (let i = 1; i <= 200; i++) await client.expect({ type: 'PUBLISHED', request: i, firstId: i });
  await client.expect({ type: 'PONG' });
  // Also what is broken waits for its turn.
  await client.expectError('BAD_FRAME');
  await client.expectEnd();
  await client.close();
  await broker.close();
});

test('requests that wait for their turn are answered when the client has ended its direction', {
  timeout,
}, async () => {
  const broker = closing(await startBroker({ workPerTurn: 1 }));
  const client = closing(await RawClient.open(broker, { allowHalfOpen: true }));
  client.hex('0000000b 01 01 06676f6c64656e 0000');
  client.frames(...Array.from({ length: 50 }, (_, i) => publish(i + 1, 't', 'x')));
  client.socket.end();
  await client.expect({ type: 'WELCOME' });
  for (let i = 1; i <= 50; i++) await client.expect({ type: 'PUBLISHED', request: i });
  await client.expectEnd();
  await client.close();
  await broker.close();
});

test('a message that is kept does not keep the bytes of the read that brought it', { timeout }, async () => {
  const broker = closing(await startBroker());
  const client = closing(await RawClient.hello(broker));
  client.frames(create(1, 't', 60_000));
  await client.expect({ type: 'OK' });
  // The same buffers of the socket are read into again and again: what points into them would change.
  for (let i = 1; i <= 300; i++) {
    client.frames(publish(2, 't', `${i}:`.padEnd(400, String.fromCharCode(97 + (i % 26)))));
    await client.expect({ type: 'PUBLISHED', firstId: i });
  }
  client.frames(subscribe(3, 't', { start: 0 }), commit('t', 0));
  await client.expect({ type: 'OK', request: 3 });
  for (let next = 1; next <= 300; ) {
    const frame = await client.next();
    assert.ok('records' in frame);
    for (const { payload } of frame.records) {
      assert.equal(payload.toString(), `${next}:`.padEnd(400, String.fromCharCode(97 + (next % 26))));
      next += 1;
    }
  }
  await client.close();
  await broker.close();
});

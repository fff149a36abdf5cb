/** What the conversations cannot see: limits, ways of failing to start, memory, and the end of a broker. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeveretError } from '#framing';
import { startBroker } from '#protocol/broker';
import { RawClient } from './conversation-client.ts';
import { commit, create, publish, subscribe } from './conversation-requests.ts';
import { closing } from './leftovers.ts';
import { TIMEOUT } from './patience.ts';

const timeout = TIMEOUT;

test('a port in use: one line that says what to do', { timeout }, async () => {
  const first = closing(await startBroker());
  await assert.rejects(startBroker({ port: first.port }), (error: unknown) => {
    assert.ok(error instanceof LeveretError, 'it is an error of ours');
    assert.equal(error.code, 'ADDRESS_IN_USE');
    assert.match(error.message, new RegExp(`port ${first.port} .*in use.*another port`));
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });
});

test('a limit out of range is refused, and the value quoted', { timeout }, () => {
  for (const options of [
    { maxFrameSize: 64 },
    { maxFrameSize: 8 * 1024 ** 3 },
    { closeTimeoutMs: -1 },
    { maxTopics: 1.5 },
    { maxTopicBytes: 256 },
    { maxLagMessages: 0 },
  ]) {
    const [[name, value] = ['', 0]] = Object.entries(options);
    assert.throws(
      () => startBroker(options),
      (error: unknown) => {
        assert.ok(error instanceof RangeError, `${name}: not a RangeError but ${String(error)}`);
        assert.match(error.message, new RegExp(`${name}.*${value}`));
        return true;
      },
    );
  }
});

test('the smallest frame size still serves', { timeout }, async () => {
  const broker = closing(await startBroker({ maxFrameSize: 65 }));
  const client = closing(await RawClient.hello(broker));
  client.frames(subscribe(1, 't'), publish(2, 't', 'x'.repeat(46)), publish(3, 't', 'x'.repeat(47)));
  await client.expect({ type: 'OK', request: 1 });
  await client.expect({ type: 'PUBLISHED', request: 2 });
  await client.expectError('BAD_REQUEST', 3);
  await client.expect({ type: 'MESSAGES', firstId: 1 });
});

test('a message that is kept does not keep the bytes of the read that brought it', { timeout }, async () => {
  const broker = closing(await startBroker());
  const client = closing(await RawClient.hello(broker));
  client.frames(create(1, 't', 60_000));
  await client.expect({ type: 'OK' });
  const text = (id: number) => `${id}:`.padEnd(400, String.fromCharCode(97 + (id % 26)));
  // The same buffers of the socket are read into again and again: what points into them would change.
  for (let i = 1; i <= 300; i++) {
    client.frames(publish(2, 't', text(i)));
    await client.expect({ type: 'PUBLISHED', firstId: i });
  }
  client.frames(subscribe(3, 't', { start: 0 }), commit('t', 0));
  await client.expect({ type: 'OK', request: 3 });
  for (let next = 1; next <= 300; ) {
    const frame = await client.next();
    assert.equal(frame.type, 'MESSAGES');
    if (frame.type !== 'MESSAGES') return;
    for (const { payload } of frame.records) {
      assert.equal(Buffer.from(payload).toString(), text(next), `message ${next} has changed`);
      next += 1;
    }
  }
});

test('whoever reads no answers is not read from: the broker stops taking requests', { timeout }, async () => {
  const broker = closing(await startBroker());
  const [flooder, bystander] = [
    closing(await RawClient.hello(broker)),
    closing(await RawClient.hello(broker)),
  ];
  flooder.socket.pause();
  const pings = Buffer.concat(
    Array.from({ length: 20_000 }, () => Buffer.from(`0000004107${'ab'.repeat(64)}`, 'hex')),
  );
  const before = process.memoryUsage().rss;
  // 55 MB of requests, whose answers are as many.
  for (let i = 0; i < 40; i++) flooder.bytes(pings);
  for (let i = 0; i < 50; i++) await bystander.expectAlive();
  const left = flooder.socket.writableLength;
  assert.ok(
    left > 20_000_000,
    `the broker has read all but ${left} bytes of what nobody reads the answers to`,
  );
  assert.ok(process.memoryUsage().rss - before < 200e6, 'the broker has kept answers that nobody reads');
});

test('closing waits for nobody longer than closeTimeoutMs, and can be asked for twice', {
  timeout,
}, async () => {
  const broker = closing(await startBroker({ closeTimeoutMs: 100 }));
  const client = closing(await RawClient.hello(broker));
  // It neither reads nor ends.
  client.socket.pause();
  const begun = performance.now();
  await Promise.all([broker.close(), broker.close()]);
  const took = performance.now() - begun;
  assert.ok(took < 5_000, `closing took ${took} ms`);
  await assert.rejects(RawClient.open(broker), 'it still listens');
});

/** Requests and their answers, on an engine that notes what it is asked. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { LeveretError } from '#framing';
import type { ClientFrame } from '#protocol';
import type { Engine, EngineClient, RunningBroker } from '#protocol/broker';
import { RawClient, until } from './conversation-client.ts';
import { commit, create, lag, publish, subscribe, unsubscribe } from './conversation-requests.ts';
import type { FrameJson } from './golden-vectors.ts';
import { closing } from './leftovers.ts';
import { TIMEOUT } from './patience.ts';
import { type StubClient, StubEngine, serveStub } from './stub-engine.ts';

const timeout = TIMEOUT;

/** A client that has been welcomed, and what the engine knows of it. */
async function meet(): Promise<{ client: RawClient; stub: StubClient; broker: RunningBroker }> {
  const engine = new StubEngine();
  const broker = closing(await serveStub({}, engine));
  const client = closing(await RawClient.hello(broker));
  const [stub] = engine.clients;
  assert.ok(stub !== undefined, 'the engine knows the client');
  return { client, stub, broker };
}

const asked: [name: string, frame: ClientFrame, call: string, answer: FrameJson & { type: string }][] = [
  ['CREATE', create(1, 't', 60_000, 5), 'create t 60000 5', { type: 'OK', request: 1 }],
  [
    'SUBSCRIBE',
    subscribe(2, 't', { start: 2, after: 5, window: 3 }),
    'subscribe t 2 5 3',
    { type: 'OK', request: 2 },
  ],
  ['UNSUBSCRIBE', unsubscribe(3, 't'), 'unsubscribe t', { type: 'OK', request: 3 }],
  [
    'PUBLISH',
    publish(4, 't', 'a', 'b'),
    'publish t 2',
    { type: 'PUBLISHED', request: 4, firstId: 1, count: 2 },
  ],
];

for (const [name, frame, call, answer] of asked) {
  test(`${name}: the engine is asked, and the answer has the number of the request`, {
    timeout,
  }, async () => {
    const { client, stub } = await meet();
    client.frames(frame);
    await client.expect(answer);
    assert.deepEqual(stub.calls, [call], 'what the engine was asked');
    await client.expectAlive();
  });

  test(`${name} that the engine refuses: an ERROR for this request, and the connection stays`, {
    timeout,
  }, async () => {
    const { client, stub } = await meet();
    stub.refusal = new LeveretError('LIMIT', 'there are too many');
    client.frames(frame, { type: 'PING', bytes: Buffer.from('x') });
    await client.expect({ type: 'ERROR', request: answer.request, code: 23, reason: 'there are too many' });
    await client.expect({ type: 'PONG' });
    stub.refusal = undefined;
    client.frames(frame);
    await client.expect({ ...answer });
  });

  test(`${name} with request 0: no answer, but an error is told`, { timeout }, async () => {
    const { client, stub } = await meet();
    client.frames({ ...frame, request: 0 } as ClientFrame);
    await client.expectAlive();
    assert.deepEqual(stub.calls, [call], 'the engine is asked all the same');
    stub.refusal = new LeveretError('LIMIT', 'there are too many');
    client.frames({ ...frame, request: 0 } as ClientFrame);
    await client.expectError('LIMIT', 0);
    await client.expectAlive();
  });
}

test('COMMIT has no answer; what is wrong with it is told with request 0', { timeout }, async () => {
  const { client, stub } = await meet();
  client.frames(commit('t', 7));
  await client.expectAlive();
  assert.deepEqual(stub.calls, ['commit t 7'], 'what the engine was asked');
  stub.refusal = new LeveretError('BAD_COMMIT', 'beyond what was delivered');
  client.frames(commit('t', 8));
  await client.expectError('BAD_COMMIT', 0);
  await client.expectAlive();
});

test('LAG tells what the engine counts, also with request 0', { timeout }, async () => {
  const { client, stub } = await meet();
  stub.lag = 12;
  client.frames(lag(9), lag(0));
  await client.expect({ type: 'LAG', request: 9, messages: 12 });
  await client.expect({ type: 'LAG', request: 0, messages: 12 });
});

test('PING comes back as PONG with its bytes; a PONG that nobody asked for does no harm', {
  timeout,
}, async () => {
  const { client } = await meet();
  client.frames({ type: 'PONG', bytes: Buffer.from('zz') }, { type: 'PING', bytes: Buffer.from('abc') });
  await client.expect({ type: 'PONG', bytes: '616263' });
});

test('CLOSE: CLOSING "goodbye", and the end; what stands behind it is not served', { timeout }, async (t) => {
  const log = silence(t);
  const { client, stub, broker } = await meet();
  client.frames({ type: 'CLOSE' }, create(1, 't'), lag(2));
  await client.expect({ type: 'CLOSING', reason: 'goodbye' });
  await client.expectEnd();
  assert.deepEqual(stub.calls, ['close'], 'what the engine was asked');
  assert.equal(broker.faults(), 0, 'a request behind CLOSE was served, and went wrong');
  assert.equal(log.mock.callCount(), 0, 'it was logged');
});

test('what a request says wrong never reaches the engine', { timeout }, async () => {
  const { client, stub } = await meet();
  client.frames(
    create(1, ''),
    publish(2, 't'),
    publish(3, 't', ['k'.repeat(129), 'x']),
    subscribe(4, 'a.*'),
    subscribe(5, 't', { start: 3 }),
    subscribe(6, 't', { group: 'g' }),
  );
  await client.expectError('BAD_TOPIC', 1);
  await client.expectError('BAD_REQUEST', 2);
  await client.expectError('BAD_KEY', 3);
  await client.expectError('UNSUPPORTED', 4);
  await client.expectError('BAD_REQUEST', 5);
  await client.expectError('UNSUPPORTED', 6);
  assert.deepEqual(stub.calls, [], 'what the engine was asked');
});

test('DELETE, PURGE and INFO are known frames that this broker does not serve', { timeout }, async () => {
  const { client } = await meet();
  client.frames(
    { type: 'DELETE', request: 1, topic: 't' },
    { type: 'PURGE', request: 2, topic: 't', upTo: 0 },
    { type: 'INFO', request: 3, topic: 't' },
  );
  for (const request of [1, 2, 3]) await client.expectError('UNSUPPORTED', request);
  await client.expectAlive();
});

test('bytes that are no frame end the connection, also behind good requests', { timeout }, async () => {
  const { client } = await meet();
  client.frames(create(1, 't'));
  client.hex('00000002 02 00  00000001 07');
  await client.expect({ type: 'OK', request: 1 });
  await client.expectError('BAD_FRAME', 0);
  await client.expectEnd();
});

test('an engine that reads a PUBLISH in place is given its body, from the request on', {
  timeout,
}, async () => {
  const bodies: string[] = [];
  const stub = new StubEngine();
  const engine: Engine = {
    close() {},
    connect(session) {
      const publishRaw: EngineClient['publishRaw'] = (bytes, start, end) => {
        bodies.push(bytes.toString('hex', start, end));
        if (bodies.length === 3) throw new LeveretError('LIMIT', 'there are too many');
        return bodies.length === 2 ? undefined : { firstId: 5, count: 1 };
      };
      return Object.assign(stub.connect(session), { publishRaw });
    },
  };
  const client = closing(await RawClient.hello(closing(await serveStub({}, engine))));
  client.frames(publish(7, 't', 'x'), publish(8, 't', 'x'), publish(9, 't', 'x'));
  await client.expect({ type: 'PUBLISHED', request: 7, firstId: 5, count: 1 });
  await client.expectError('LIMIT', 9);
  assert.equal(bodies[0], '000000070174000100000000000178', 'its body, as it came');
  assert.deepEqual(stub.clients[0]?.calls, [], 'the other publish was not called');
});

/** An engine whose client throws what it is told, where it is told. */
function faultyEngine(where: keyof EngineClient, thrown: unknown): Engine {
  const fail = (): never => {
    throw thrown;
  };
  return {
    connect(session) {
      const client = new StubEngine().connect(session);
      // A fault in `deliver` happens at a wake, when no request is under way.
      if (where !== 'deliver') return Object.assign(client, { [where]: fail });
      const create = () => void setImmediate(() => session.wake());
      // The first calls follow the read of the HELLO, and of the request.
      let delivered = 0;
      return Object.assign(client, {
        create,
        deliver: () => (delivered++ > 1 ? fail() : undefined),
      });
    },
    close() {},
  };
}

const faults: [where: keyof EngineClient, frame: ClientFrame][] = [
  ['create', create(1, 't')],
  ['publish', publish(1, 't', 'x')],
  ['deliver', create(0, 't')],
];

for (const [where, frame] of faults) {
  test(`a fault in ${where}: told as INTERNAL, logged once, nobody else notices`, { timeout }, async (t) => {
    const log = silence(t);
    const cause = new TypeError('the engine is broken');
    let isBroken = false;
    const [sound, faulty] = [new StubEngine(), faultyEngine(where, cause)];
    const engine: Engine = { connect: (session) => (isBroken ? faulty : sound).connect(session), close() {} };
    const broker = closing(await serveStub({}, engine));
    const bystander = closing(await RawClient.hello(broker));
    isBroken = true;
    const client = closing(await RawClient.hello(broker));
    client.frames(frame);
    await client.expectError('INTERNAL', 0);
    await client.expectEnd();
    await bystander.expectAlive();
    assert.equal(broker.faults(), 1, 'a fault is counted once');
    assert.equal(log.mock.callCount(), 1, 'a fault is logged once');
    const logged: readonly unknown[] = log.mock.calls[0]?.arguments ?? [];
    assert.ok(logged.includes(cause), 'the log has the cause, with its stack');
  });
}

test('a fault at the end of a connection ends nothing else', { timeout }, async (t) => {
  const log = silence(t);
  const broker = closing(await serveStub({}, faultyEngine('close', new Error('cannot close'))));
  const [client, bystander] = [
    closing(await RawClient.hello(broker)),
    closing(await RawClient.hello(broker)),
  ];
  await client.reset();
  await until(() => broker.faults() === 1, 'the fault is counted');
  await bystander.expectAlive();
  assert.equal(log.mock.callCount(), 1, 'the fault is logged');
});

/** Faults are logged: not into the report of this test. */
function silence(t: TestContext) {
  return t.mock.method(console, 'error', () => {});
}

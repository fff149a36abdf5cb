/** A session before it answers requests: HELLO and WELCOME, states, sizes, and every way in which a connection ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeveretError } from '#framing';
import { RawClient, until } from './conversation-client.ts';
import { helloHex } from './golden-vectors.ts';
import { closing } from './leftovers.ts';
import { TIMEOUT } from './patience.ts';
import { StubEngine, serveStub } from './stub-engine.ts';

const timeout = TIMEOUT;
/** A client that may end its direction and still read. */
const open = async (broker: Parameters<typeof RawClient.open>[0]) =>
  closing(await RawClient.open(broker, { allowHalfOpen: true }));

test('HELLO is answered with WELCOME: a number for each connection, the frame size, the epoch', {
  timeout,
}, async () => {
  const broker = closing(await serveStub({ maxFrameSize: 5_000 }));
  const [first, second] = [await open(broker), await open(broker)];
  const a = await first.hex(helloHex).expect({ type: 'WELCOME', version: 1, maxFrameSize: 5_000, epoch: 7 });
  const b = await second.hex(helloHex).expect({ type: 'WELCOME', version: 1, epoch: 7 });
  assert.notEqual(a.connectionId, b.connectionId, 'two connections have the same number');
});

test('HELLO may come byte by byte', { timeout }, async () => {
  const client = await open(closing(await serveStub()));
  for (const byte of Buffer.from(helloHex.replaceAll(' ', ''), 'hex')) client.bytes(Buffer.of(byte));
  await client.expect({ type: 'WELCOME' });
});

const refused: [
  what: string,
  code: 'BAD_STATE' | 'UNKNOWN_TYPE' | 'BAD_VERSION' | 'BAD_FRAME',
  hex: string,
][] = [
  ['a PING before HELLO', 'BAD_STATE', '00000001 07'],
  ['a PUBLISH before HELLO, whose body is not looked at', 'BAD_STATE', '00000001 03'],
  ['an unknown type before HELLO', 'UNKNOWN_TYPE', '00000001 7f'],
  ["a broker's type", 'UNKNOWN_TYPE', '00000001 82'],
  ['another version', 'BAD_VERSION', '00000005 01 02 00 0000'],
  ['a HELLO that is cut', 'BAD_FRAME', '00000003 01 01 05'],
  ['a frame of no bytes', 'BAD_FRAME', '00000000'],
];

for (const [what, code, hex] of refused) {
  test(`${what}: ${code}, then the end`, { timeout }, async () => {
    const client = await open(closing(await serveStub()));
    client.hex(hex);
    await client.expectError(code, 0);
    await client.expectEnd();
  });
}

test('a second HELLO is a BAD_STATE; what comes behind the last frame is not looked at', {
  timeout,
}, async (t) => {
  const broker = closing(await serveStub());
  const client = await open(broker);
  const log = t.mock.method(console, 'error', () => {});
  client.hex(`${helloHex} ${helloHex} ${helloHex} 00000005 08 00000001 00000001 7f`);
  await client.expect({ type: 'WELCOME' });
  await client.expectError('BAD_STATE', 0);
  await client.expectEnd();
  assert.equal(broker.faults(), 0, 'a request behind the last frame was served, and went wrong');
  assert.equal(log.mock.callCount(), 0, 'it was logged');
});

test('before HELLO a frame has at most 4,096 bytes, from then on maxFrameSize', { timeout }, async () => {
  const broker = closing(await serveStub({ maxFrameSize: 100 }));
  const [stranger, client] = [await open(broker), await open(broker)];
  stranger.hex('00001001');
  await stranger.expectError('TOO_LARGE', 0);
  await stranger.expectEnd();
  const token = 't'.repeat(4096 - 5);
  client.frames({ type: 'HELLO', version: 1, name: '', token });
  await client.expect({ type: 'WELCOME' });
  client.hex('00000065');
  await client.expectError('TOO_LARGE', 0);
});

test('the engine hears of a client at HELLO, delivers after each read and at each wake, and hears once of the end', {
  timeout,
}, async () => {
  const engine = new StubEngine();
  const broker = closing(await serveStub({}, engine));
  const client = await open(broker);
  client.hex('0000');
  await until(() => broker.connections === 1, 'the broker has taken the connection');
  assert.equal(engine.clients.length, 0, 'the engine was told before HELLO');
  client.hex(helloHex.slice(4));
  await client.expect({ type: 'WELCOME' });
  const [stub] = engine.clients;
  assert.ok(stub !== undefined, 'the engine was not told of the client');
  await until(() => stub.delivered > 0, 'deliver is called after the read that brought the HELLO');
  const before = stub.delivered;
  stub.session.wake();
  assert.equal(stub.delivered, before + 1, 'wake does not call deliver');
  assert.equal(stub.session.full, false, 'a socket that holds nothing is not full');
  await client.reset();
  await until(() => stub.calls.length > 0, 'the engine hears of the end');
  await until(() => broker.connections === 0, 'the broker has let go of the connection');
  assert.deepEqual(stub.calls, ['close'], 'what the engine was told');
});

test('what the engine fails with is told, and ends the connection', { timeout }, async () => {
  const engine = new StubEngine();
  const client = await open(closing(await serveStub({}, engine)));
  await client.hex(helloHex).expect({ type: 'WELCOME' });
  engine.clients[0]?.session.fail(new LeveretError('SLOW', 'too much waits'));
  await client.expectError('SLOW', 0);
  await client.expectEnd();
  assert.deepEqual(engine.clients[0]?.calls, ['close'], 'the engine hears of the end, once');
});

test('a fault in connect: told as INTERNAL without its text, logged once with its cause', {
  timeout,
}, async (t) => {
  const log = t.mock.method(console, 'error', () => {});
  const cause = new TypeError('the engine is broken');
  const connect = (): never => {
    throw cause;
  };
  const broker = closing(await serveStub({}, { connect, close() {} }));
  const client = await open(broker);
  client.hex(helloHex);
  const error = await client.expect({ type: 'ERROR', code: 12 });
  assert.doesNotMatch(error.reason, /broken/, 'the client is shown our insides');
  await client.expectEnd();
  assert.equal(broker.faults(), 1, 'a fault is counted once');
  assert.equal(log.mock.callCount(), 1, 'a fault is logged once');
  const logged: readonly unknown[] = log.mock.calls[0]?.arguments ?? [];
  assert.ok(logged.includes(cause), 'the log has the cause, with its stack');
});

test('an end in the middle of a frame: closed without a word', { timeout }, async () => {
  const client = await open(closing(await serveStub()));
  await client.hex(helloHex).expect({ type: 'WELCOME' });
  client.hex('00000010 03 0000');
  client.socket.end();
  await client.expectEnd();
});

test('a client that neither reads nor goes after its error is cut off', { timeout }, async () => {
  const broker = closing(await serveStub({ closeTimeoutMs: 50 }));
  const client = await open(broker);
  client.hex('00000000');
  await client.expectError('BAD_FRAME');
  await client.expectEnd();
  // Its own direction is still open: only the broker can end this.
  await until(() => broker.connections === 0, 'the broker has cut it off');
});

test('one connection too many: FULL, and room again when one goes', { timeout }, async () => {
  const broker = closing(await serveStub({ maxConnections: 1 }));
  const first = await open(broker);
  await first.hex(helloHex).expect({ type: 'WELCOME' });
  const second = await open(broker);
  await second.expectError('FULL', 0);
  await second.expectEnd();
  await second.close();
  await first.close();
  await until(() => broker.connections === 0, 'the broker has let go of both');
  await (await open(broker)).hex(helloHex).expect({ type: 'WELCOME' });
});

test('when the broker ends: CLOSING to clients, SHUTDOWN to strangers, and the engine is closed', {
  timeout,
}, async () => {
  const engine = new StubEngine();
  const broker = closing(await serveStub({}, engine));
  const [client, stranger] = [await open(broker), await open(broker)];
  await client.hex(helloHex).expect({ type: 'WELCOME' });
  await until(() => broker.connections === 2, 'the broker knows of the stranger');
  const closed = broker.close();
  await client.expect({ type: 'CLOSING', reason: 'shutdown' });
  await client.expectEnd();
  await stranger.expectError('SHUTDOWN', 0);
  await stranger.expectEnd();
  client.socket.end();
  stranger.socket.end();
  await closed;
  assert.equal(engine.closed, 1, 'the engine was not closed once');
});

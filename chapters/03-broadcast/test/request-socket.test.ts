/** The sockets of both ends, one against the other. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { FrameSocket, RequestSocket } from '#broadcast/server';
import { encodeFrame, LeveretError } from '#framing';
import { openSocket, startServer } from '#framing/net';
import { until } from '../../01-framed-echo/test/raw-socket.ts';

const timeout = 6_000;
const QUESTION = 1;
const GOODBYE = 2;

/** A server that does with its frames what the test says, and a client that takes every frame for an answer. */
async function pair(
  t: TestContext,
  onFrame: (server: FrameSocket, type: number, text: string) => void,
  hasRoom = () => true,
) {
  let failure: LeveretError | undefined;
  const failures: unknown[] = [];
  const onConnection = (socket: Socket) => {
    const server: FrameSocket = new FrameSocket(socket, 1_000, {
      onFrame: (type, bytes, start, end) => onFrame(server, type, bytes.toString('latin1', start, end)),
      mayRead: () => !server.full,
      onFailure: (thrown) => {
        failures.push(thrown);
        server.end(100);
      },
      onEnd: () => server.end(100),
      onClose: () => {},
    });
  };
  const running = await startServer({ onConnection, allowHalfOpen: true });
  t.after(() => running.close());
  const socket = await openSocket(running.host, running.port);
  t.after(() => socket.destroy());
  const client: RequestSocket<string> = new RequestSocket(socket, 1_000, {
    onFrame: (_type, bytes, start, end) => client.settle(bytes.toString('latin1', start, end)),
    hasRoom,
    onClose: (why) => {
      failure = why;
    },
  });
  return { client, socket, failures, failure: () => failure, connections: () => running.connections };
}

const ask = (client: RequestSocket<string>, text: string) =>
  client.request(encodeFrame(QUESTION, Buffer.from(text)), (answer) => answer);

const echo = (server: FrameSocket, type: number, text: string) => {
  if (type === GOODBYE) server.end(100);
  else server.send(encodeFrame(type, Buffer.from(`${text}!`)));
};

const code = (expected: string) => (error: unknown) =>
  error instanceof LeveretError && error.code === expected;

test('many requests under way: each gets its own answer, though nothing else would be read', {
  timeout,
}, async (t) => {
  const { client, failure } = await pair(t, echo, () => false);
  const texts = Array.from({ length: 1_000 }, (_, i) => `${i}`);
  const answers = await Promise.all(texts.map((text) => ask(client, text)));
  assert.deepEqual(
    answers,
    texts.map((text) => `${text}!`),
    'an answer went astray',
  );
  const last = ask(client, 'last');
  const closed = client.close(encodeFrame(GOODBYE, Buffer.alloc(0)));
  await assert.rejects(ask(client, 'too late'), code('CLOSED'), 'it still asks');
  assert.equal(await last, 'last!', 'what was under way was answered');
  await closed;
  assert.equal(failure(), undefined, 'an end on purpose is no failure');
});

test('a wrong answer ends the connection: all who wait are told', { timeout }, async (t) => {
  const { client, failure } = await pair(t, echo);
  const wrong = client.request(encodeFrame(QUESTION, Buffer.from('a')), (answer) => {
    throw new LeveretError('BAD_BROKER', `${answer} was not what was asked for`);
  });
  const next = ask(client, 'b');
  await assert.rejects(wrong, code('BAD_BROKER'), 'the one that got it');
  await assert.rejects(next, code('BAD_BROKER'), 'the one behind it');
  await assert.rejects(ask(client, 'c'), code('BAD_BROKER'), 'the one that comes later');
  assert.ok(code('BAD_BROKER')(failure()), 'the owner');
});

test('a fault of a callback is INTERNAL, and none of the other side', { timeout }, async (t) => {
  const { client } = await pair(t, echo);
  const asked = client.request(encodeFrame(QUESTION, Buffer.from('a')), () => {
    throw new TypeError('broken');
  });
  await assert.rejects(asked, code('INTERNAL'), 'it was told as something else');
});

test('a frame above the limit is not sent, and the connection stays', { timeout }, async (t) => {
  const { client } = await pair(t, echo);
  await assert.rejects(ask(client, 'x'.repeat(1_000)), code('TOO_LARGE'), 'it was sent');
  assert.equal(await ask(client, 'a'), 'a!', 'the connection has gone');
});

test('the other side goes without an answer: DISCONNECTED', { timeout }, async (t) => {
  const { client, failure } = await pair(t, (server) => server.end(100));
  await assert.rejects(ask(client, 'a'), code('DISCONNECTED'), 'it waits on');
  assert.ok(code('DISCONNECTED')(failure()), 'the owner is told');
});

test('what a handler throws ends its own connection, and the last frame still arrives', {
  timeout,
}, async (t) => {
  const { client, failures } = await pair(t, (server, type, text) => {
    server.send(encodeFrame(type, Buffer.from(`no ${text}`)));
    throw new TypeError('broken');
  });
  const [first, second] = [ask(client, 'a'), ask(client, 'b')];
  assert.equal(await first, 'no a', 'the last frame was lost');
  await assert.rejects(second, code('DISCONNECTED'), 'frames behind the fault were read');
  assert.equal(failures.length, 1, 'a fault is told once');
});

test('who does not go when the connection ends is closed', { timeout }, async (t) => {
  const { client, socket, connections } = await pair(t, (server) => server.end(50));
  // It neither reads nor ends.
  socket.pause();
  client.send(encodeFrame(QUESTION, Buffer.from('a')));
  assert.equal(connections(), 1, 'it is there');
  await until(() => connections() === 0, { deadlineMs: 3_000, what: 'the connection is closed' });
});

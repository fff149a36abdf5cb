import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { LeveretError } from '#framing';
import { boundPort, checkPort, DEFAULT_HOST, listen } from '#framing/net';
import { RawSocket, soon } from './raw-socket.ts';

const TIMEOUT = { timeout: 20_000 };

/** A server of node:net that this chapter's code makes listen. */
async function listening(t: TestContext, port = 0, host = DEFAULT_HOST) {
  const server = createServer((socket) => socket.end('hello'));
  t.after(() => server.close());
  await soon(listen(server, host, port), 'listen()');
  return server;
}

test('any free port is found, and told', TIMEOUT, async (t) => {
  const port = boundPort(await listening(t));
  assert.ok(Number.isInteger(port) && port > 0, `the port is ${port}`);
  await using client = await RawSocket.connect({ port });
  await client.expect(Buffer.from('hello'));
});

test('a port that is free again can be taken', TIMEOUT, async (t) => {
  const first = await listening(t);
  const port = boundPort(first);
  await new Promise((resolve) => first.close(resolve));
  assert.equal(boundPort(await listening(t, port)), port, 'the port is taken again');
});

test('a port in use is ADDRESS_IN_USE, and the message says what to do', TIMEOUT, async (t) => {
  const port = boundPort(await listening(t));
  await assert.rejects(
    listening(t, port),
    (error: unknown) => {
      assert.ok(error instanceof LeveretError, `it is an error of ours: ${error}`);
      assert.equal(error.code, 'ADDRESS_IN_USE', 'its code');
      assert.match(error.message, new RegExp(`${port}.*another`), 'it names the port, and says what to do');
      assert.ok(error.cause instanceof Error, 'it has the error of the system');
      return true;
    },
    'a second server on the port',
  );
});

test('an address of another machine is ADDRESS_UNAVAILABLE', TIMEOUT, async (t) => {
  // 192.0.2.0/24 is reserved for documentation: no machine has it.
  await assert.rejects(
    listening(t, 0, '192.0.2.1'),
    (error: unknown) => {
      assert.ok(error instanceof LeveretError, `it is an error of ours: ${error}`);
      assert.equal(error.code, 'ADDRESS_UNAVAILABLE', 'its code');
      assert.match(error.message, /192\.0\.2\.1/, 'it names the address');
      return true;
    },
    'an address of nobody',
  );
});

test('once it listens, a later error of the server is not one of listen()', TIMEOUT, async (t) => {
  const server = await listening(t);
  assert.equal(server.listenerCount('error'), 0, 'listeners that listen() left behind');
});

test('a port that can be none is refused before the system sees it', TIMEOUT, () => {
  for (const port of [0, 1, 65_535]) checkPort(port);
  for (const port of [-1, 65_536, 1.5, Number.NaN]) {
    assert.throws(
      () => checkPort(port),
      { name: 'RangeError', message: new RegExp(`${port}`) },
      `port ${port}`,
    );
  }
});

test('a server that does not listen has no port', TIMEOUT, () => {
  assert.throws(() => boundPort(createServer()), /not listening/, 'it says so');
});

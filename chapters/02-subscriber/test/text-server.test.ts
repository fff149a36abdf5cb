import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameClient, type RunningServer } from '#framing/net';
import { startTextServer, TEXT_FRAME } from '#topics/server';

/** Start a server, and give `ask`, which sends a command on a connection of its own and gives the answer. */
async function withServer(run: (join: () => Promise<(command: string) => Promise<string>>) => Promise<void>) {
  const server: RunningServer = await startTextServer({});
  const clients: FrameClient[] = [];
  const join = async () => {
    const client = await FrameClient.connect({ port: server.port });
    clients.push(client);
    return async (command: string) => {
      await client.send(TEXT_FRAME, Buffer.from(command));
      return (await client.receive()).body.toString();
    };
  };
  try {
    await run(join);
  } finally {
    for (const client of clients) await client.close();
    await server.close();
  }
}

test('one connection publishes, another receives', { timeout: 10_000 }, () =>
  withServer(async (join) => {
    const writer = await join();
    const reader = await join();
    assert.equal(await reader('subscribe hares'), 'ok', 'subscribe');
    assert.equal(await writer('publish hares hello there'), 'ok, id 1, 1 queued', 'publish');
    assert.equal(await reader('lag'), 'lag 1', 'the lag');
    assert.equal(await reader('next'), 'hares 1: hello there', 'what the reader gets');
    assert.equal(await writer('next'), 'nothing', 'what the writer gets');
    assert.equal(await reader('unsubscribe hares'), 'ok', 'unsubscribe');
    assert.equal(await writer('publish hares again'), 'ok, id 2, 0 queued', 'publish without readers');
  }),
);

test('a repeat is told to its publisher', { timeout: 10_000 }, () =>
  withServer(async (join) => {
    const ask = await join();
    await ask('create orders 0 60000');
    assert.equal(await ask('publish orders key:17 cake'), 'ok, id 1, 0 queued', 'the first');
    assert.equal(await ask('publish orders key:17 cake'), 'ok, a duplicate: dropped', 'the second');
  }),
);

test('the clock is moved by a command', { timeout: 10_000 }, () =>
  withServer(async (join) => {
    const ask = await join();
    assert.equal(await ask('create hares 3600000 0'), 'ok', 'create');
    await ask('subscribe hares');
    await ask('publish hares old');
    assert.equal(await ask('clock +3600001'), 'ok', 'an hour passes');
    assert.equal(await ask('next'), 'hares lost 1 to 1', 'the message is too old');
  }),
);

test('whatever the line, there is an answer, and the connection stays', { timeout: 10_000 }, () =>
  withServer(async (join) => {
    const ask = await join();
    const errors = [
      ['commit hares 1', 'NOT_SUBSCRIBED'],
      ['unsubscribe __proto__', 'NOT_SUBSCRIBED'],
      ['subscribe', 'BAD_TOPIC'],
      ['publish', 'BAD_TOPIC'],
      ['subscribe hares after:7', 'OUT_OF_RANGE'],
      ['subscribe hares window:70000', '70000'],
      ['create hares x y', 'not a whole number'],
      ['clock -5', 'forward only'],
      ['clock', 'not a whole number'],
    ];
    for (const [command = '', answer = ''] of errors) {
      assert.match(await ask(command), new RegExp(`^error.*${answer}`), command);
    }
    for (const command of ['', 'help', '\0\0', 'constructor'])
      assert.match(await ask(command), /^create TOPIC/, `the answer to ${JSON.stringify(command)}`);
    assert.equal(await ask('lag'), 'lag 0', 'the connection stays');
  }),
);

test('a broken frame ends that connection alone', { timeout: 10_000 }, () =>
  withServer(async (join) => {
    const ask = await join();
    const other = await join();
    await assert.rejects(ask('x'.repeat(2_000_000)), { code: 'DISCONNECTED' }, 'who sent it');
    assert.equal(await other('lag'), 'lag 0', 'the other one');
  }),
);

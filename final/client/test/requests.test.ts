import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { startCuttingProxy } from './cutting-proxy.ts';
import { join, startBroker, until } from './support.ts';

const timeout = 20_000;

test('a request gets its reply, many at a time each its own', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const asker = await join(t, broker.port);
  const answerer = await join(t, broker.port);
  await answerer.respond('double', async (request) => {
    // Answered out of order.
    if (Number(request.text()) % 3 === 0) await answerer.ping();
    return `${Number(request.text()) * 2}`;
  });
  const replies = await Promise.all(Array.from({ length: 500 }, (_, i) => asker.request('double', `${i}`)));
  assert.deepEqual(
    replies.map((reply) => reply.text()),
    replies.map((_, i) => `${i * 2}`),
  );
  assert.deepEqual((await asker.request('double', new Uint8Array([49]))).text(), '2');
});

test('an error of the handler rejects, with its message and no more', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  const errors: unknown[] = [];
  await client.respond(
    'fails',
    (request) => {
      if (request.text() === 'now') throw new Error('at once');
      if (request.text() === 'large') return new Uint8Array(2_000_000);
      return Promise.reject(new Error('later'));
    },
    { onError: (error) => errors.push(error) },
  );
  for (const [text, message] of [
    ['now', /failed: at once$/],
    ['then', /failed: later$/],
    ['large', /failed: a message of 2000001 bytes/],
  ] as const) {
    await assert.rejects(client.request('fails', text), { code: 'HANDLER_FAILED', message });
  }
  assert.equal(errors.length, 3);
});

test('nobody there is said clearly', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  const message = 'no reply from nobody within 20 ms: does anybody respond to it?';
  await assert.rejects(client.request('nobody', '', { timeout: 20 }), { code: 'TIMEOUT', message });
  const controller = new AbortController();
  const waits = client.request('nobody', '', { signal: controller.signal });
  controller.abort();
  await assert.rejects(waits, { code: 'ABORTED' });
});

test('in a group one answers; what one who died left undone another does', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const asker = await join(t, broker.port);
  const dies = await join(t, broker.port);
  const lives = await join(t, broker.port);
  let stuck = 0;
  await dies.respond(
    'work',
    () => {
      stuck++;
      return new Promise(() => {});
    },
    { group: 'workers' },
  );
  const requests = [1, 2, 3].map((i) => asker.request('work', `${i}`));
  await until(() => stuck === 3);
  await lives.respond('work', (request) => `done ${request.text()}`, { group: 'workers' });
  await dies.close({ deadline: 0 });
  assert.deepEqual(
    (await Promise.all(requests)).map((reply) => reply.text()),
    ['done 1', 'done 2', 'done 3'],
  );
});

test('requests at work are bounded', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  let working = 0;
  let most = 0;
  await client.respond(
    'slow',
    async () => {
      most = Math.max(most, ++working);
      await client.ping();
      working--;
      return '';
    },
    { concurrency: 2 },
  );
  await Promise.all(Array.from({ length: 20 }, () => client.request('slow', '')));
  assert.equal(most, 2);
});

test('a lost connection rejects what waits, and the next request works', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const proxy = await startCuttingProxy(broker.port);
  t.after(() => proxy.close());
  const asker = await join(t, proxy.port);
  const answerer = await join(t, broker.port);
  await answerer.respond('echo', (request) => request.payload);
  assert.equal((await asker.request('echo', 'one')).text(), 'one');
  const waits = asker.request('nobody', 'x');
  await asker.flush();
  proxy.cut();
  await assert.rejects(waits, { code: 'DISCONNECTED' });
  assert.equal((await asker.request('echo', 'two')).text(), 'two');
});

/** Keys that ask for a reply where none may go. */
const BAD_KEYS = [
  '?admin.commands#1',
  '?$x#1',
  '?$sys.status#1',
  '?_inbox.#1',
  '?_inbox#1',
  '?_inbox.*#1',
  '?_inbox.a.>#1',
  '?_inbox.\0#1',
  '?_inbox.x',
  '?_inbox.x#',
  '?_inbox.x#one',
  '?#1',
  '?',
];

test('a reply goes to an inbox and nowhere else; what asks otherwise is dropped and told', {
  timeout,
}, async (t) => {
  const broker = await startBroker(t, {
    auth: { tokens: [{ token: 'all' }, { token: 'asker', publish: ['echo'], subscribe: [] }] },
  });
  const [responder, witness] = [
    await join(t, broker.port, { token: 'all' }),
    await join(t, broker.port, { token: 'all' }),
  ];
  const asker = await join(t, broker.port, { token: 'asker' });
  const errors: { code: string; message: string }[] = [];
  const got: string[] = [];
  await witness.subscribe('>', { onMessage: ({ topic }) => got.push(topic) });
  let handled = 0;
  await responder.respond(
    'echo',
    (request) => {
      handled++;
      return request.payload;
    },
    { onError: (error) => errors.push(error as { code: string; message: string }) },
  );
  for (const key of BAD_KEYS) asker.publish('echo', 'forged', { key });
  // Not a request at all: nobody's to answer, and nothing to complain about.
  asker.publish('echo', 'no key');
  asker.publish('echo', 'a key of its own', { key: '_inbox.x#1' });
  assert.equal((await asker.request('echo', 'good')).text(), 'good');
  await witness.flush();
  assert.deepEqual([...new Set(got)], ['echo'], 'something was published where no reply may go');
  assert.equal(handled, 1, 'the handler was called for a request that cannot be answered');
  assert.deepEqual(
    errors.map(({ code }) => code),
    BAD_KEYS.map(() => 'BAD_REQUEST'),
    'each bad request is told once',
  );
  assert.match(
    errors[0]?.message ?? '',
    /echo.*"\?admin\.commands#1"/,
    'the message names the topic and the key',
  );
});

test('no key ends a responder that listens for no errors, in a process of its own', {
  timeout,
}, async (t) => {
  const broker = await startBroker(t, { maxTopicBytes: 64 });
  const asker = await join(t, broker.port);
  const program = `
    import { connect } from ${JSON.stringify(new URL('../index.ts', import.meta.url).href)};
    const client = await connect('leveret://127.0.0.1:${broker.port}', { reconnect: false });
    await client.respond('echo', (request) => request.payload);
    console.log('ready');
    console.log(String(await client.closed));
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill());
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (piece) => {
      said += piece;
    });
  }
  await until(() => said.includes('ready') || child.exitCode !== null);
  // The last one is an inbox for every client, and yet no name for this broker: the reply is refused.
  for (const key of [...BAD_KEYS, `?_inbox.${'x'.repeat(100)}#1`]) {
    asker.publish('echo', 'forged', { key });
    const reply = await asker.request('echo', 'alive?').catch((error: Error) => error.message);
    assert.ok(typeof reply !== 'string', `${key} ended the responder: ${reply}; it said ${said}`);
  }
  await until(() => said.includes('LeveretWarning') || child.exitCode !== null);
  assert.match(
    said,
    /LeveretWarning.*BAD_TOPIC|BAD_TOPIC.*LeveretWarning/,
    `the refused reply was warned of: ${said}`,
  );
});

test('an inbox cannot be read by others, is in no list, and goes with its client', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const asker = await join(t, broker.port);
  const spy = await join(t, broker.port);
  const seen: string[] = [];
  await spy.subscribe('>', { onMessage: (message) => seen.push(message.topic) });
  await assert.rejects(spy.subscribe('_inbox.*'), { code: 'DENIED' });
  const answerer = await join(t, broker.port);
  let key = '';
  await answerer.respond('echo', (request) => {
    key = request.key;
    return 'secret';
  });
  await asker.request('echo', '');
  const inbox = /^\?(_inbox\..+)#1$/.exec(key)?.[1] ?? 'no inbox in the key';
  await assert.rejects(spy.subscribe(inbox), { code: 'DENIED' }, 'who knows an inbox can read it');
  await spy.flush();
  assert.deepEqual(seen, ['echo'], 'the wildcard led elsewhere');
  assert.deepEqual(
    broker.topics().map(({ name }) => name),
    ['echo'],
    'an inbox is told of as a topic',
  );
  assert.equal(broker.status().inboxes, 1, 'the count of inboxes');
  assert.deepEqual(
    await spy.publish(inbox, 'forged', { confirm: true }),
    { id: 2 },
    'a living inbox takes it',
  );
  await asker.close();
  await until(() => broker.status().inboxes === 0);
  const confirmations = [1, 2].map(() => spy.publish(inbox, 'too late', { confirm: true }));
  assert.deepEqual(
    await Promise.all(confirmations),
    [{ id: undefined }, { id: undefined }],
    'what nobody took has no id',
  );
});

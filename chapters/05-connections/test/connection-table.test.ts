import assert from 'node:assert';
import { once } from 'node:events';
import { connect as netConnect } from 'node:net';

import { test } from 'node:test';
import { type CloseReason, ConnectionTable } from '#connections';
import { encodeFrame, FrameReader } from '#framing';
import { RawSocket, until } from '../../01-framed-echo/test/raw-socket.ts';
import { duplexPair } from './duplex-pair.ts';
import { startRig } from './table-harness.ts';

const timeout = 20_000;

test('an id goes through JSON, leads back to its connection, and to none when that is gone', {
  timeout,
}, async () => {
  await using rig = await startRig();
  const { table } = rig;
  const first = await rig.pair();
  const second = await rig.pair();
  const stored = JSON.stringify([first.connection.id, second.connection.id]);
  const [firstId, secondId] = JSON.parse(stored) as [string, string];

  assert.strictEqual(table.get(firstId), first.connection);
  assert.strictEqual(table.get(second.connection.number), second.connection);
  assert.strictEqual(table.get(secondId)?.write(Buffer.from('to second')), true);
  await second.client.expect(Buffer.from('to second'));

  await first.client.close();
  await until(() => table.get(firstId) === undefined);
  const third = await rig.pair();
  assert.ok(third.connection.number > second.connection.number, 'a number was used again');
  assert.strictEqual(table.get(firstId), undefined);
  assert.strictEqual(first.connection.state, 'closed');
  assert.strictEqual(first.connection.write(Buffer.from('x')), false);
});

test('an id of one table leads nowhere in another, though both have a number 1', { timeout }, async () => {
  await using one = await startRig();
  await using other = await startRig();
  const { connection } = await one.pair();
  await other.pair();
  assert.strictEqual(connection.number, 1);
  assert.notStrictEqual(other.table.get(1), undefined);
  assert.strictEqual(other.table.get(connection.id), undefined);
});

test('events come in order, and `context` stays with the connection', { timeout }, async () => {
  const events: string[] = [];
  await using rig = await startRig<{ name: string }>(
    {},
    {
      opened(connection) {
        connection.context = { name: `c${connection.number}` };
        events.push(`opened ${connection.context.name} ${connection.state}`);
      },
      received: (connection, chunk) => void events.push(`${connection.context?.name} ${chunk}`),
      ended(connection) {
        events.push(`ended ${connection.context?.name} ${connection.state}`);
        connection.write(Buffer.from('still here'));
        connection.end();
      },
      closed: (connection, reason) =>
        void events.push(`closed ${connection.context?.name} ${reason} ${connection.state}`),
    },
  );
  const client = await rig.connect();
  client.write(Buffer.from('hello'));
  await until(() => events.length === 2);
  client.end();
  await client.expect(Buffer.from('still here'));
  await client.expectClosed('end');
  await until(() => rig.table.size === 0);
  assert.deepStrictEqual(events, ['opened c1 open', 'c1 hello', 'ended c1 open', 'closed c1 peer closed']);
});

test('one more than maxConnections is refused, hears why, and harms nobody', { timeout }, async () => {
  const refusals: string[] = [];
  await using rig = await startRig(
    { maxConnections: 2 },
    {
      refused(reason) {
        refusals.push(reason);
        return Buffer.from('full');
      },
    },
  );
  const first = await rig.pair();
  await rig.pair();
  const third = await rig.connect();
  // Unread bytes on the server's side must not turn its words into a reset.
  third.write(Buffer.alloc(100_000));
  await third.expect(Buffer.from('full'));
  await third.expectClosed('end');
  assert.deepStrictEqual(refusals, ['full']);
  assert.strictEqual(rig.table.status().refused, 1);
  assert.strictEqual(rig.table.status().accepted, 2);

  first.client.write(Buffer.from('ping'));
  await first.client.expect(Buffer.from('ping'));
  await first.client.close();
  await until(() => rig.table.size === 1);
  const fourth = await rig.pair();
  fourth.client.write(Buffer.from('room again'));
  await fourth.client.expect(Buffer.from('room again'));
});

test('a refused newcomer who stays is cut off by the sweep; without words it is cut off at once', {
  timeout,
}, async () => {
  let words: Uint8Array | undefined = Buffer.from('no');
  await using rig = await startRig({ maxConnections: 1 }, { refused: () => words });
  await rig.pair();
  const stays = netConnect({ port: rig.port, host: '127.0.0.1', allowHalfOpen: true }).resume();
  stays.on('error', () => {});
  await once(stays, 'end'); // it has heard the words, and does not end its own side
  let gone = false;
  stays.once('close', () => {
    gone = true;
  });
  rig.advance(999);
  await rig.sweeps();
  stays.write('still here');
  await rig.sweeps();
  assert.strictEqual(gone, false);
  rig.advance(1);
  await until(() => {
    stays.write('and here'); // only who writes hears that nobody is there
    return gone;
  });
  words = undefined;
  await (await rig.connect()).expectClosed();
});

test('a reset in the middle of a frame closes that connection only', { timeout }, async () => {
  const frames: string[] = [];
  await using rig = await startRig<FrameReader>(
    {},
    {
      opened(connection) {
        connection.context = new FrameReader((_type, bytes, start, end) =>
          frames.push(bytes.toString('utf8', start, end)),
        );
      },
      received: (connection, chunk) => connection.context?.push(chunk),
    },
  );
  const bystander = await rig.pair();
  const { client, connection } = await rig.pair();
  client.write(encodeFrame(1, Buffer.from('whole')));
  client.write('00000010 01 6869');
  await until(() => connection.bytesIn === 17);
  client.reset();
  await until(() => rig.table.size === 1);
  assert.strictEqual(rig.log[0]?.reason, 'error');
  assert.match(String(rig.log[0]?.error), /ECONNRESET/);
  bystander.client.write(encodeFrame(1, Buffer.from('me too')));
  await until(() => frames.length === 2);
  assert.deepStrictEqual(frames, ['whole', 'me too']);
});

test('what a handler throws closes that connection, with the reason and the error', { timeout }, async () => {
  await using rig = await startRig<FrameReader>(
    {},
    {
      received(connection, chunk) {
        if (chunk.includes('bug')) throw new TypeError('a bug');
        new FrameReader(() => {}).push(chunk);
        connection.write(chunk);
      },
    },
  );
  const bystander = await rig.pair();
  (await rig.connect()).write(Buffer.from('a bug, please'));
  await until(() => rig.log.length === 1);
  (await rig.connect()).write('00000000');
  await until(() => rig.log.length === 2);
  assert.deepStrictEqual(
    rig.log.map(({ reason, error }) => [reason, error?.name]),
    [
      ['error', 'TypeError'],
      ['bad-input', 'FrameError'],
    ],
  );
  bystander.client.write('00000001 07');
  await bystander.client.expect('00000001 07');
});

test('a full connection says so, and says when there is room again', { timeout }, async () => {
  let drained = 0;
  await using rig = await startRig({ highWaterMark: 1_024 }, { drained: () => void drained++ });
  const { client, connection } = await rig.pair(false);
  const chunk = Buffer.alloc(65_536);
  let sent = 0;
  while (connection.write(chunk)) sent += chunk.length;
  sent += chunk.length;
  assert.ok(connection.queuedBytes > 0, 'it said "full" and nothing waits');
  assert.strictEqual(rig.table.status().queuedBytes, connection.queuedBytes);
  const before = drained;
  client.startReading();
  await client.read(sent);
  await until(() => drained > before && connection.queuedBytes === 0);
  assert.strictEqual(connection.bytesOut, sent);
});

test('pause stops the reading, and TCP makes the peer wait; resume goes on where it was', {
  timeout,
}, async () => {
  let received = 0;
  await using rig = await startRig(
    {},
    {
      received(_connection, chunk) {
        received += chunk.length;
      },
    },
  );
  const { client, connection } = await rig.pair();
  connection.pause();
  client.write(Buffer.alloc(64 * 1_048_576));
  await rig.sweeps(20);
  assert.ok(received < 1_048_576, `${received} bytes came though the connection was paused`);
  assert.ok(client.unsent > 0, 'the peer did not have to wait');
  connection.resume();
  await until(() => received === 64 * 1_048_576);
});

test('end: what is queued goes out, what still arrives is thrown away', { timeout }, async () => {
  let received = 0;
  await using rig = await startRig({}, { received: () => void received++ });
  const { client, connection } = await rig.pair(false);
  const bytes = Buffer.alloc(16 * 1_048_576, 7);
  connection.write(bytes);
  connection.pause(); // what is thrown away must be read all the same, or the peer's end is never seen
  connection.end();
  assert.strictEqual(connection.state, 'closing');
  assert.strictEqual(connection.write(Buffer.from('too late')), false);
  client.write(Buffer.alloc(100_000));
  client.startReading();
  assert.ok(bytes.equals(await client.read(bytes.length)), 'all that was written before the end arrives');
  await client.expectClosed('end');
  client.end();
  await until(() => rig.log.length === 1);
  assert.deepStrictEqual(rig.log, [{ number: 1, reason: 'local' }]);
  assert.strictEqual(received, 0);
});

test('the first reason counts', { timeout }, async () => {
  await using rig = await startRig();
  const { connection } = await rig.pair();
  connection.end('slow');
  connection.end('idle');
  connection.destroy('error');
  await until(() => rig.log.length === 1);
  assert.deepStrictEqual(rig.log, [{ number: 1, reason: 'slow' }]);
});

test('any stream can be adopted', { timeout }, async () => {
  const table = new ConnectionTable({}, { received: (connection, chunk) => void connection.write(chunk) });
  const [ours, theirs] = duplexPair();
  const connection = table.adopt(Object.assign(ours, { remoteAddress: 'a websocket' }));
  assert.strictEqual(connection?.remoteAddress, 'a websocket');
  connection.setOptions({ noDelay: true, idleTimeoutMs: 5 });
  theirs.write('hello');
  const [echo] = (await once(theirs, 'data')) as [Buffer];
  assert.strictEqual(String(echo), 'hello');
  theirs.end();
  await until(() => table.size === 0);
  assert.strictEqual(table.status().closed.peer, 1);
});

test('what a handler of the table throws ends nothing, and is told as a fault', { timeout }, async () => {
  const faults: unknown[] = [];
  const fails = (what: string) => () => {
    throw new TypeError(what);
  };
  await using rig = await startRig(
    { maxConnections: 1 },
    {
      closed: fails('closed'),
      refused: fails('refused'),
      swept: () => faults.length < 3 && fails('swept')(),
      fault: (error) => void faults.push(error),
    },
  );
  const { connection } = await rig.pair();
  await until(() => faults.length === 3, { what: 'three sweeps have failed' });
  await (await rig.connect()).expectClosed();
  connection.destroy();
  await until(() => rig.table.size === 0, { what: 'the connection is gone' });
  assert.deepStrictEqual(
    faults.map((fault) => (fault as Error).message),
    ['swept', 'swept', 'swept', 'refused', 'closed'],
  );
});

test('a stream that somebody destroys is forgotten too', { timeout }, async () => {
  await using rig = await startRig();
  const { connection } = await rig.pair();
  connection.stream.destroy();
  await until(() => rig.table.size === 0);
  assert.deepStrictEqual(rig.log, [{ number: 1, reason: 'local' }]);
});

test('status adds up the living and the dead', { timeout }, async () => {
  await using rig = await startRig();
  const first = await rig.pair();
  const second = await rig.pair();
  for (const { client } of [first, second]) {
    client.write(Buffer.from('12345'));
    await client.expect(Buffer.from('12345'));
  }
  second.connection.write(Buffer.from('678'));
  await first.client.close();
  await until(() => rig.table.size === 1);
  const { connections, accepted, refused, bytesIn, bytesOut, closed } = rig.table.status();
  assert.deepStrictEqual([connections, accepted, refused, bytesIn, bytesOut], [1, 2, 0, 10, 13]);
  assert.strictEqual(closed.peer + closed.error, 1);
});

test('several addresses, and an address in use', { timeout }, async () => {
  await using rig = await startRig();
  const other = await rig.table.listen({ backlog: 16 });
  const client = await RawSocket.connect({ port: other.port });
  await until(() => rig.table.size === 1);
  await assert.rejects(rig.table.listen({ port: rig.port }), { code: 'ADDRESS_IN_USE' });
  await other.close();
  await assert.rejects(RawSocket.connect({ port: other.port }));
  client.write(Buffer.from('still open'));
  await client.expect(Buffer.from('still open'));
  await client.close();
});

test('a port, a backlog or a deadline that is out of range is refused, and changes nothing', {
  timeout,
}, async () => {
  await using rig = await startRig();
  const { client, connection } = await rig.pair();
  for (const [name, bad] of [
    ['backlog', -5],
    ['backlog', 0],
    ['backlog', 1.5],
    ['backlog', Number.NaN],
    ['port', -1],
    ['port', 65_536],
    ['port', 0.5],
  ] as const) {
    const refusal = { code: 'BAD_OPTION', message: new RegExp(`^${name} .* not ${bad}$`) };
    await assert.rejects(rig.table.listen({ [name]: bad }), refusal, `${name} ${bad} was taken`);
  }
  for (const bad of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
    const refusal = { code: 'BAD_OPTION', message: new RegExp(`not ${bad}$`) };
    await assert.rejects(rig.table.shutdown({ deadlineMs: bad }), refusal, `deadlineMs ${bad} was taken`);
    assert.throws(() => connection.end('local', bad), refusal, `withinMs ${bad} was taken`);
    assert.throws(
      () => connection.setOptions({ writeTimeoutMs: bad }),
      refusal,
      `writeTimeoutMs ${bad} was taken`,
    );
  }
  assert.strictEqual(connection.state, 'open');
  client.write(Buffer.from('as before'));
  await client.expect(Buffer.from('as before'));
});

test('shutdown: newcomers are refused, the others may finish, and the deadline ends it', {
  timeout,
}, async () => {
  await using rig = await startRig();
  const polite = await rig.pair();
  const stubborn = await rig.pair();
  const done = rig.table.shutdown({ deadlineMs: 300 });
  assert.strictEqual(rig.table.shutdown({ deadlineMs: 300 }) instanceof Promise, true);
  await assert.rejects(rig.connect());
  await polite.client.expectClosed('end');
  polite.client.end();
  await until(() => rig.table.size === 1);
  await done;
  assert.strictEqual(rig.table.size, 0);
  assert.strictEqual(rig.table.status().closed.shutdown, 2);
  await stubborn.client.expectClosed();
  const [ours] = duplexPair();
  assert.strictEqual(rig.table.adopt(ours), undefined);
  await rig.table.shutdown();
});

test('a second shutdown without time ends at once', { timeout }, async () => {
  await using rig = await startRig();
  await rig.pair();
  const slow = rig.table.shutdown({ deadlineMs: 1_000_000 });
  await rig.table.shutdown({ deadlineMs: 0 });
  await slow;
  assert.strictEqual(rig.table.size, 0);
});

test('2,000 clients that connect and reset leave nothing behind', { timeout: 60_000 }, async (context) => {
  let timers = 0;
  context.mock.method(globalThis, 'setInterval', countedSet(setInterval));
  context.mock.method(globalThis, 'clearInterval', countedClear(clearInterval));
  function countedSet(original: typeof setInterval): typeof setInterval {
    return ((...args: Parameters<typeof setInterval>) => {
      timers += 1;
      return original(...args);
    }) as typeof setInterval;
  }
  function countedClear(original: typeof clearInterval): typeof clearInterval {
    return (timer) => {
      timers -= 1;
      original(timer);
    };
  }
  const reasons = new Map<CloseReason, number>();
  await using rig = await startRig(
    { idleTimeoutMs: 60_000 },
    { closed: (_connection, reason) => void reasons.set(reason, (reasons.get(reason) ?? 0) + 1) },
  );
  async function churn(count: number): Promise<void> {
    for (let done = 0; done < count; done++) {
      await new Promise<void>((resolve, reject) => {
        const socket = netConnect({ port: rig.port, host: '127.0.0.1' }, () => {
          if (done % 2 === 0) socket.write('half a mess');
          socket.resetAndDestroy();
          resolve();
        });
        socket.once('error', reject);
      });
    }
  }
  await Promise.all(Array.from({ length: 50 }, () => churn(40)));
  const { table } = rig;
  // Connections are accepted in their order: when this one is served, all that came before it were taken in (but for
  // the few that the system threw away itself, as they were reset before they could be accepted).
  const last = await rig.pair();
  last.client.write(Buffer.from('as new'));
  await last.client.expect(Buffer.from('as new'));
  await last.client.close();
  await until(() => table.size === 0, { deadlineMs: 20_000 });
  assert.deepStrictEqual([...table], []);
  assert.strictEqual(timers, 0, 'the sweep goes on though there is nothing to watch');
  const { accepted, closed } = table.status();
  assert.ok(accepted > 1_900 && accepted <= 2_001, `${accepted} were accepted`);
  assert.strictEqual(
    Object.values(closed).reduce((sum, count) => sum + count),
    accepted,
  );
  assert.strictEqual((reasons.get('peer') ?? 0) + (reasons.get('error') ?? 0), accepted);
  await rig.pair();
  assert.strictEqual(timers, 1, 'one timer, and only one');
  await rig.pair();
  assert.strictEqual(timers, 1);
});

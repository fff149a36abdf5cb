/** The client: connecting, requests and their answers, and every way in which a connection ends. */
import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { LeveretError } from '#framing';
import { type BrokerFrame, brokerCodec } from '#protocol';
import { type RunningBroker, startBroker } from '#protocol/broker';
import { type Client, type ClientOptions, connect } from '#protocol/client';
import { until } from './conversation-client.ts';
import { fakeBroker, welcome } from './fake-broker.ts';
import { closing } from './leftovers.ts';
import { TIMEOUT } from './patience.ts';

const timeout = TIMEOUT;
let broker: RunningBroker;
const clients: Client[] = [];

before(async () => {
  broker = await startBroker();
});
after(() => broker.close());

let topics = 0;
/** A topic that no other test uses. */
const fresh = () => `test/${++topics}`;

async function client(options: Partial<ClientOptions> = {}): Promise<Client> {
  const { host, port } = broker;
  const opened = await connect({ host, port, ...options });
  clients.push(opened);
  return opened;
}

after(async () => {
  await Promise.all(clients.map((opened) => opened.close()));
});

const hasCode = (code: string) => (error: unknown) => error instanceof LeveretError && error.code === code;

describe('connect', () => {
  test('tells connection and epoch', { timeout }, async () => {
    const [a, b] = [await client({ name: 'a' }), await client()];
    assert.notEqual(a.connectionId, b.connectionId);
    assert.equal(a.epoch, b.epoch);
  });

  test('nobody there: REFUSED', { timeout }, async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    await assert.rejects(connect({ port }), hasCode('REFUSED'));
  });

  test('something there that is no broker: BAD_BROKER', { timeout }, async () => {
    const { port, close } = await fakeBroker((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await assert.rejects(connect({ port }), hasCode('BAD_BROKER'));
    await close();
  });

  test('behind WELCOME a frame may be as large as it says, in the same read', { timeout }, async () => {
    const { port, close } = await fakeBroker((socket) => {
      socket.once('data', () => {
        const large = { type: 'MESSAGES', topic: 't', firstId: 1 } as const;
        const records = [{ key: '', payload: Buffer.alloc(5_000) }];
        socket.write(Buffer.concat([welcome(), brokerCodec.encode({ ...large, records })]));
        socket.once('data', () => socket.write(brokerCodec.encode({ type: 'LAG', request: 1, messages: 0 })));
      });
    });
    const alice = closing(await connect({ port }));
    assert.equal(await alice.lag(), 0, 'it is still served');
    await close();
  });

  test('a HELLO that is refused tells why, also where the code is no fatal one', { timeout }, async () => {
    const { port, close } = await fakeBroker((socket) => {
      socket.once('data', () =>
        socket.end(brokerCodec.encode({ type: 'ERROR', request: 0, code: 8, reason: 'not you' })),
      );
    });
    await assert.rejects(connect({ port }), hasCode('DENIED'));
    await close();
  });
});

describe('requests', () => {
  test('publish gives the id; a batch has as many as it has messages; a duplicate has none', {
    timeout,
  }, async () => {
    const topic = fresh();
    const alice = await client({ name: 'alice' });
    await alice.createTopic(topic, { dedupeMs: 60_000 });
    assert.deepEqual(await alice.publish(topic, 'one'), { id: 1 });
    assert.deepEqual(await alice.publish(topic, 'two', { key: 'ключ' }), { id: 2 });
    assert.deepEqual(await alice.publish(topic, 'two', { key: 'ключ' }), { id: 0 });
    const batch = [{ payload: 'three' }, { payload: Buffer.from([0, 255]), key: 'k' }];
    const { firstId, count } = await alice.publishMany(topic, batch);
    assert.deepEqual([firstId, count], [3, 2]);
  });

  test('each answer goes to the one who asked, however many are under way', { timeout }, async () => {
    const topic = fresh();
    const alice = await client();
    const answers = await Promise.all([
      ...Array.from({ length: 20 }, (_, i) => alice.publish(topic, `${i}`)),
      alice.lag(),
      alice.publish('', 'refused').catch((error: LeveretError) => error.code),
      alice.publish(topic, 'last'),
    ]);
    const ids = Array.from({ length: 20 }, (_, i) => ({ id: i + 1 }));
    assert.deepEqual(answers, [...ids, 0, 'BAD_TOPIC', { id: 21 }]);
    assert.ok((await alice.ping()) >= 0, 'a PING is answered, in milliseconds');
  });

  test('what the broker refuses is thrown, and the connection stays', { timeout }, async () => {
    const alice = await client();
    await assert.rejects(alice.publish('', 'x'), hasCode('BAD_TOPIC'));
    await assert.rejects(alice.publish(fresh(), 'x', { key: 'k'.repeat(129) }), hasCode('BAD_KEY'));
    await assert.rejects(alice.publishMany(fresh(), []), hasCode('BAD_REQUEST'));
    await assert.rejects(alice.publish(fresh(), Buffer.alloc(1_048_576)), hasCode('TOO_LARGE'));
    const topic = fresh();
    await alice.createTopic(topic, { dedupeMs: 1 });
    await assert.rejects(alice.createTopic(topic, { dedupeMs: 2 }), hasCode('TOPIC_EXISTS'));
    await alice.ping();
  });

  test('the connection dies with requests under way', { timeout }, async () => {
    const sockets: Socket[] = [];
    const { port, close } = await fakeBroker((socket) => {
      sockets.push(socket);
      socket.once('data', () => socket.write(welcome()));
    });
    const alice = closing(await connect({ port }));
    const requests = [alice.publish('t', 'x'), alice.lag(), alice.ping(), alice.createTopic('t')];
    const outcomes = Promise.allSettled(requests);
    sockets[0]?.resetAndDestroy();
    for (const outcome of await outcomes) {
      assert.ok(
        outcome.status === 'rejected' && hasCode('DISCONNECTED')(outcome.reason),
        'it hears of the end',
      );
    }
    await close();
  });

  test('a fatal error tells why', { timeout }, async () => {
    const { port, close } = await fakeBroker((socket) => {
      socket.once('data', () => {
        socket.write(welcome());
        socket.end(brokerCodec.encode({ type: 'ERROR', request: 0, code: 9, reason: 'too slow' }));
      });
    });
    const alice = closing(await connect({ port }));
    await assert.rejects(alice.lag(), hasCode('SLOW'));
    await assert.rejects(alice.ping(), hasCode('SLOW'));
    await close();
  });

  test('await using closes', { timeout }, async () => {
    const connections = () => broker.connections;
    let opened: Client | undefined;
    {
      await using alice = await connect({ port: broker.port });
      opened = alice;
      await alice.ping();
    }
    await assert.rejects(opened.ping(), hasCode('CLOSED'));
    const now = connections();
    await until(() => connections() <= now, 'the broker has noticed');
  });

  test('many requests under way add no listeners, and none is left pending when the connection goes', {
    timeout,
  }, async () => {
    const warnings: string[] = [];
    const onWarning = ({ name }: Error) => warnings.push(name);
    process.on('warning', onWarning);
    const { port, close } = await fakeBroker((socket) => {
      socket.once('data', () => {
        socket.write(welcome());
        socket.pause();
      });
    });
    const alice = closing(await connect({ port }));
    const requests = Array.from({ length: 500 }, () => alice.publish('t', Buffer.alloc(100_000)));
    const outcomes = Promise.allSettled(requests);
    await new Promise(setImmediate);
    process.off('warning', onWarning);
    assert.deepEqual(warnings, [], 'Node warns of no leak');
    await close();
    for (const { status } of await outcomes) assert.equal(status, 'rejected', 'each hears of the end');
  });

  test('many calls of close() add no listeners', { timeout }, async () => {
    const alice = await connect({ port: broker.port });
    const warnings: string[] = [];
    const onWarning = ({ name }: Error) => warnings.push(name);
    process.on('warning', onWarning);
    await Promise.all(Array.from({ length: 50 }, () => alice.close()));
    await new Promise(setImmediate);
    process.off('warning', onWarning);
    assert.deepEqual(warnings, [], 'Node warns of no leak');
  });

  test('an answer that is not the one that is due: BAD_BROKER', { timeout }, async () => {
    const wrong: BrokerFrame[] = [
      { type: 'LAG', request: 1, messages: 0 },
      { type: 'OK', request: 2 },
    ];
    for (const frame of wrong) {
      const { port, close } = await fakeBroker((socket) => {
        socket.once('data', () => {
          socket.write(welcome());
          socket.once('data', () => socket.write(brokerCodec.encode(frame)));
        });
      });
      const alice = closing(await connect({ port }));
      await assert.rejects(alice.createTopic('t'), hasCode('BAD_BROKER'), `${frame.type} was taken`);
      await close();
    }
  });

  test('a PING of the broker is answered with its bytes', { timeout }, async () => {
    let heard = '';
    const { port, close } = await fakeBroker((socket) => {
      socket.once('data', () => {
        socket.write(welcome());
        socket.write(brokerCodec.encode({ type: 'PING', bytes: Buffer.from('abc') }));
        socket.on('data', (chunk) => {
          heard += chunk.toString('hex');
        });
      });
    });
    const alice = closing(await connect({ port }));
    await until(() => heard.includes('000000040a616263'), 'the PONG has come');
    const gone = alice.close();
    await close();
    await gone;
  });
});

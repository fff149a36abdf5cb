import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { clientCodec } from '#protocol';
import { until } from '../../../chapters/04-full-protocol/test/conversation-client.ts';
import { connect } from '../../client/index.ts';
import { type Broker, createBroker } from '../broker.ts';
import type { BrokerOptions } from '../options.ts';

const timeout = 30_000;
const MESSAGE = 'x'.repeat(100_000);
const COUNT = 10;

/** A broker, and what it logs. */
async function logged(t: TestContext, options: BrokerOptions) {
  const lines: Record<string, unknown>[] = [];
  const add = (facts: object | string, message = ''): void => {
    lines.push({ ...(typeof facts === 'string' ? {} : facts), message });
  };
  const logger = { debug() {}, info: add, warn: add, error: add };
  const broker = await createBroker({ port: 0, sweepIntervalMs: 20, closeTimeoutMs: 50, ...options, logger });
  t.after(() => broker.close(0));
  return { broker, lines };
}

/** A subscriber that takes each write after a time; never, if there is none. Resolves when all has been published. */
async function slowSubscriber(t: TestContext, broker: Broker, takesMs: number | undefined) {
  const received = { bytes: 0 };
  const stream = new Duplex({
    read() {},
    final(done) {
      this.push(null);
      done();
    },
    write(chunk: Buffer, _encoding, done) {
      received.bytes += chunk.length;
      // The WELCOME and the answers are taken at once.
      if (chunk.length < 10_000) done();
      else if (takesMs !== undefined) setTimeout(done, takesMs);
    },
  });
  t.after(() => stream.destroy());
  broker.adopt(stream);
  stream.push(clientCodec.encode({ type: 'HELLO', version: 1, name: 'slow', token: '' }));
  stream.push(
    clientCodec.encode({
      type: 'SUBSCRIBE',
      request: 1,
      topic: 'big',
      start: 0,
      after: 0,
      window: 0,
      group: '',
    }),
  );
  await until(() => broker.topics().some(({ readers }) => readers === 1), 'it has subscribed');
  const publisher = await connect(`leveret://127.0.0.1:${broker.port}`, { reconnect: false });
  t.after(() => publisher.close({ deadline: 0 }));
  await publisher.createTopic('kept', { retentionMs: 60_000 });
  await publisher.publish('kept', 'hello', { confirm: true });
  for (let i = 0; i < COUNT; i++) await publisher.publish('big', MESSAGE, { confirm: true });
  await publisher.close();
  return received;
}

test('a client that reads slowly has the time of the deadline, not that of closeTimeoutMs', {
  timeout,
}, async (t) => {
  const { broker, lines } = await logged(t, { shutdownDeadlineMs: 20_000 });
  const received = await slowSubscriber(t, broker, 50);
  await broker.close();
  assert.ok(
    received.bytes > COUNT * MESSAGE.length,
    `only ${received.bytes} bytes have come: it was cut off early`,
  );
  const last = lines.at(-1);
  assert.equal(last?.message, 'stopped', 'nothing to warn of');
  assert.equal(last?.connectionsCutOff, 0, 'nobody was cut off');
  assert.equal(last?.retainedMessages, 1, 'what was kept goes with the broker, and is told');
});

test('who takes nothing is cut off at the deadline, and it is told what was lost', { timeout }, async (t) => {
  const { broker, lines } = await logged(t, { shutdownDeadlineMs: 300 });
  await slowSubscriber(t, broker, undefined);
  await broker.close();
  const last = lines.at(-1);
  assert.equal(last?.message, 'stopped, and clients were cut off', JSON.stringify(last));
  assert.equal(last?.connectionsCutOff, 1, 'the one that reads nothing');
  assert.ok(Number(last?.unsentBytes) > MESSAGE.length, `unsent bytes: ${last?.unsentBytes}`);
});

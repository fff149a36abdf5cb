/** A fault of the broker itself, wherever it happens: told as INTERNAL, logged once, counted; nobody else notices. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type RawClient, until } from '../../../chapters/04-full-protocol/test/conversation-client.ts';
import {
  create,
  lag,
  publish,
  subscribe,
} from '../../../chapters/04-full-protocol/test/conversation-requests.ts';
import { type Broker, type BrokerOptions, createBroker, type Logger } from '../../index.ts';
import type { Session } from '../session/session.ts';
import { clientFor } from './start.ts';

const TIMEOUT = { timeout: 30_000 };
const INTERNAL = 12;

interface Line {
  readonly facts: { readonly err?: Error };
  readonly message: string;
}

interface Scene {
  readonly broker: Broker;
  /** What was logged as an error. */
  readonly errors: Line[];
  /** Somebody whom the fault must not hurt. */
  readonly bystander: RawClient;
}

async function sceneFor(t: TestContext, options: BrokerOptions = {}): Promise<Scene> {
  const errors: Line[] = [];
  const logger: Logger = {
    debug() {},
    info() {},
    warn() {},
    error: (facts, message) => void errors.push({ facts, message }),
  };
  const broker = await createBroker({ port: 0, sweepIntervalMs: 20, ...options, logger });
  t.after(() => broker.close(0));
  return { broker, errors, bystander: await clientFor(t, broker) };
}

/** The session of the client that connected last. */
function lastSession({ core }: Broker): Session {
  return [...core.sessions()].at(-1) as Session;
}

/** A mistake of ours, with what led to it. */
function mistake(): never {
  throw new TypeError('a mistake of ours', { cause: new Error('what led to it') });
}

/** The client was told; the fault was logged once and counted, and not as bad input; the bystander is served. */
async function toldAndLogged({ broker, errors, bystander }: Scene, client: RawClient): Promise<void> {
  await client.expect({ type: 'ERROR', code: INTERNAL, request: 0 });
  await client.expectEnd();
  await until(() => broker.core.table.size === 1, 'only the bystander is left');
  loggedOnce(errors);
  const { internalErrors, connections } = broker.core.status();
  assert.equal(internalErrors, 1, 'the fault is counted');
  assert.equal(broker.status().internalErrors, 1, '$sys.status tells of it');
  assert.equal(connections.closed['bad-input'], 0, 'it is no bad input');
  assert.equal(connections.closed.error, 1, 'it is counted as an error');
  await bystander.expectAlive();
}

function loggedOnce(errors: readonly Line[]): void {
  assert.equal(errors.length, 1, 'the fault is logged once');
  const { err } = errors[0]?.facts ?? {};
  assert.match(err?.stack ?? '', /a mistake of ours\n.*at .*mistake/, 'with its stack');
  assert.match(String(err?.cause), /what led to it/, 'with its cause');
}

test('in a request', TIMEOUT, async (t) => {
  const scene = await sceneFor(t);
  const client = await clientFor(t, scene.broker);
  scene.broker.core.topics.use('a').create = mistake;
  client.frames(create(7, 'a'), lag(8));
  await toldAndLogged(scene, client);
});

test('in a PUBLISH', TIMEOUT, async (t) => {
  const scene = await sceneFor(t);
  const client = await clientFor(t, scene.broker);
  scene.broker.core.topics.use('a').publish = mistake;
  client.frames(publish(7, 'a', 'x'));
  await toldAndLogged(scene, client);
});

test('in one reader, while a topic is sent to all', TIMEOUT, async (t) => {
  const scene = await sceneFor(t);
  const { broker, bystander } = scene;
  const client = await clientFor(t, broker);
  bystander.frames(subscribe(1, 'a'));
  await bystander.expect({ type: 'OK' });
  client.frames(subscribe(1, 'a'));
  await client.expect({ type: 'OK' });
  const reader = broker.core.topics.get('a')?.readers[1];
  assert.ok(reader !== undefined, 'the client reads the topic');
  reader.pump = mistake;
  bystander.frames(publish(0, 'a', 'x'));
  await bystander.expect({ type: 'MESSAGES', topic: 'a' });
  await toldAndLogged(scene, client);
});

for (const [what, break_] of [
  ['when the deadlines are looked at', (session: Session) => (session.sweep = mistake)],
  ['when its client ends its side', (session: Session) => (session.subscriptions.deliverRest = mistake)],
  [
    'in what is served after a pause',
    (session: Session) => {
      session.readPause.answersBuffered();
      Object.defineProperty(session.subscriptions, 'lag', { get: mistake });
      session.readPause.drained();
    },
  ],
] as const) {
  test(what, TIMEOUT, async (t) => {
    const scene = await sceneFor(t);
    const client = await clientFor(t, scene.broker);
    const session = lastSession(scene.broker);
    break_(session);
    client.frames(lag(1));
    if (what.includes('ends')) client.socket.end();
    await until(() => scene.errors.length > 0, 'the fault is logged');
    loggedOnce(scene.errors);
    await scene.bystander.expectAlive();
  });
}

test('in somebody who watches frames: the clients do not notice', TIMEOUT, async (t) => {
  const { broker, errors, bystander } = await sceneFor(t);
  const stop = broker.watchFrames(mistake);
  bystander.frames(lag(1));
  await bystander.expect({ type: 'LAG' });
  stop();
  assert.ok(errors.length > 0, 'it is logged');
  await bystander.expectAlive();
});

test('in timers: the process goes on', TIMEOUT, async (t) => {
  const { broker, errors, bystander } = await sceneFor(t);
  broker.core.topics.use('a').sweep = mistake;
  await until(() => errors.length > 0, 'the sweep has failed');
  const before = broker.core.faults.count;
  const watcher = await clientFor(t, broker);
  watcher.frames(subscribe(1, '$sys.status'));
  await watcher.expect({ type: 'OK', request: 1 });
  broker.core.topics.use('$sys.status').publish = mistake;
  await until(() => broker.core.faults.count > before, 'the system topic has failed');
  await bystander.expectAlive();
});

import { test } from 'node:test';
import type { ClientFrame, ErrorName } from '#protocol';
import { RawClient, until } from '../../../../chapters/04-full-protocol/test/conversation-client.ts';
import { brokerFor, clientFor } from '../start.ts';

/** Kinds of clients, and what they may do. */
const auth = {
  tokens: [
    { token: 'all' },
    { token: 'writer', publish: ['news.>'], subscribe: [] },
    { token: 'reader', publish: [], subscribe: ['news.>'] },
    { token: 'nothing', publish: [], subscribe: [] },
    { token: 'manager', publish: ['secret'], subscribe: [], manage: ['news.>', '$x', '_inbox.1'] },
  ],
  anonymous: { publish: [], subscribe: ['public'] },
};

type Answer = ErrorName | 'OK' | 'PUBLISHED' | 'LAG' | 'PONG' | 'CLOSING' | 'fatal BAD_STATE' | 'silence';
type Kind = 'all' | 'writer' | 'reader' | 'nothing' | 'manager' | '';

const record = { key: '', payload: Buffer.from('x') };
const subscription = { type: 'SUBSCRIBE', request: 1, start: 1, after: 0, window: 0 } as const;
const frames = {
  create: { type: 'CREATE', request: 1, topic: 'news.a', retentionMs: 0, dedupeMs: 0 },
  'create elsewhere': { type: 'CREATE', request: 1, topic: 'secret', retentionMs: 0, dedupeMs: 0 },
  'create an inbox': { type: 'CREATE', request: 1, topic: '_inbox.1', retentionMs: 0, dedupeMs: 0 },
  delete: { type: 'DELETE', request: 1, topic: 'news.none' },
  purge: { type: 'PURGE', request: 1, topic: 'news.none', upTo: 0 },
  info: { type: 'INFO', request: 1, topic: 'news.none' },
  'delete an inbox': { type: 'DELETE', request: 1, topic: '_inbox.1' },
  'purge an inbox': { type: 'PURGE', request: 1, topic: '_inbox.1', upTo: 0 },
  'info of an inbox': { type: 'INFO', request: 1, topic: '_inbox.1' },
  publish: { type: 'PUBLISH', request: 1, topic: 'news.a', records: [record] },
  'publish elsewhere': { type: 'PUBLISH', request: 1, topic: 'secret', records: [record] },
  'publish to $': { type: 'PUBLISH', request: 1, topic: '$sys.status', records: [record] },
  'create $': { type: 'CREATE', request: 1, topic: '$x', retentionMs: 0, dedupeMs: 0 },
  'publish a reply': { type: 'PUBLISH', request: 1, topic: '_inbox.1', records: [record] },
  subscribe: { ...subscription, topic: 'news.a', group: '' },
  'subscribe elsewhere': { ...subscription, topic: 'secret', group: '' },
  'subscribe in a group': { ...subscription, topic: 'news.a', group: 'g' },
  'subscribe to public': { ...subscription, topic: 'public', group: '' },
  'subscribe by pattern': { ...subscription, topic: '>', group: '' },
  'subscribe by a narrow pattern': { ...subscription, topic: 'news.*', group: '' },
  "subscribe to the broker's own by pattern": { ...subscription, topic: '$sys.*', group: '' },
  'subscribe to no topics of the broker by pattern': { ...subscription, topic: '$x.*', group: '' },
  'subscribe to an inbox': { ...subscription, topic: '_inbox.1', group: '' },
  'subscribe to inboxes by pattern': { ...subscription, topic: '_inbox.*', group: '' },
  'subscribe to all inboxes by pattern': { ...subscription, topic: '_inbox.>', group: '' },
  'subscribe to an inbox in a group': { ...subscription, topic: '_inbox.1', group: 'g' },
  'subscribe to an unknown $': { ...subscription, topic: '$x', group: '' },
  unsubscribe: { type: 'UNSUBSCRIBE', request: 1, topic: 'news.a' },
  commit: { type: 'COMMIT', topic: 'news.a', id: 1 },
  lag: { type: 'LAG', request: 1 },
  ping: { type: 'PING', bytes: Buffer.from('p') },
  pong: { type: 'PONG', bytes: Buffer.alloc(0) },
  hello: { type: 'HELLO', version: 1, name: 'again', token: 'all' },
  close: { type: 'CLOSE' },
} satisfies Record<string, ClientFrame>;

const KINDS: readonly Kind[] = ['all', 'writer', 'reader', 'nothing', 'manager', ''];
// One column for each kind, in the order of KINDS.
const table: Record<keyof typeof frames, readonly Answer[]> = {
  create: ['OK', 'OK', 'DENIED', 'DENIED', 'OK', 'DENIED'],
  'create elsewhere': ['OK', 'DENIED', 'DENIED', 'DENIED', 'DENIED', 'DENIED'],
  'create an inbox': Array(6).fill('DENIED'),
  // Who is allowed is told that there is no such topic; nobody else learns that.
  delete: ['NO_TOPIC', 'NO_TOPIC', 'DENIED', 'DENIED', 'NO_TOPIC', 'DENIED'],
  purge: ['NO_TOPIC', 'NO_TOPIC', 'DENIED', 'DENIED', 'NO_TOPIC', 'DENIED'],
  info: ['NO_TOPIC', 'NO_TOPIC', 'NO_TOPIC', 'DENIED', 'NO_TOPIC', 'DENIED'],
  'delete an inbox': Array(6).fill('DENIED'),
  'purge an inbox': Array(6).fill('DENIED'),
  'info of an inbox': Array(6).fill('DENIED'),
  publish: ['PUBLISHED', 'PUBLISHED', 'DENIED', 'DENIED', 'DENIED', 'DENIED'],
  'publish elsewhere': ['PUBLISHED', 'DENIED', 'DENIED', 'DENIED', 'PUBLISHED', 'DENIED'],
  'publish to $': Array(6).fill('DENIED'),
  'create $': Array(6).fill('DENIED'),
  'publish a reply': Array(6).fill('PUBLISHED'),
  subscribe: ['OK', 'DENIED', 'OK', 'DENIED', 'DENIED', 'DENIED'],
  'subscribe elsewhere': ['OK', 'DENIED', 'DENIED', 'DENIED', 'DENIED', 'DENIED'],
  'subscribe in a group': ['OK', 'DENIED', 'OK', 'DENIED', 'DENIED', 'DENIED'],
  'subscribe to public': ['OK', 'DENIED', 'DENIED', 'DENIED', 'DENIED', 'OK'],
  // A pattern is taken from those who may read something that it may lead to; what it leads to is asked below.
  'subscribe by pattern': ['OK', 'DENIED', 'OK', 'DENIED', 'DENIED', 'OK'],
  'subscribe by a narrow pattern': ['OK', 'DENIED', 'OK', 'DENIED', 'DENIED', 'DENIED'],
  "subscribe to the broker's own by pattern": ['OK', 'DENIED', 'DENIED', 'DENIED', 'DENIED', 'DENIED'],
  'subscribe to no topics of the broker by pattern': Array(6).fill('DENIED'),
  'subscribe to an unknown $': Array(6).fill('DENIED'),
  'subscribe to an inbox': Array(6).fill('OK'),
  'subscribe to inboxes by pattern': Array(6).fill('DENIED'),
  'subscribe to all inboxes by pattern': Array(6).fill('DENIED'),
  'subscribe to an inbox in a group': Array(6).fill('DENIED'),
  unsubscribe: Array(6).fill('NOT_SUBSCRIBED'),
  commit: Array(6).fill('NOT_SUBSCRIBED'),
  lag: Array(6).fill('LAG'),
  ping: Array(6).fill('PONG'),
  pong: Array(6).fill('silence'),
  hello: Array(6).fill('fatal BAD_STATE'),
  close: Array(6).fill('CLOSING'),
};

test('every frame by every kind of client', { timeout: 30_000 }, async (t) => {
  const broker = await brokerFor(t, { auth });
  for (const [name, answers] of Object.entries(table) as [keyof typeof frames, readonly Answer[]][]) {
    for (const [i, kind] of KINDS.entries()) {
      const answer = answers[i] as Answer;
      await t.test(`${name} by "${kind}": ${answer}`, async (t) => {
        // What the client before held must be gone: two of them may hold one inbox only one after the other.
        await until(() => broker.core.table.size === 0, 'the client before is gone');
        const client = await clientFor(t, broker, kind);
        client.frames(frames[name]);
        if (answer === 'silence') await client.expectAlive();
        else if (answer === 'fatal BAD_STATE') {
          await client.expectError('BAD_STATE');
          await client.expectEnd();
        } else if (['OK', 'PUBLISHED', 'LAG', 'PONG', 'CLOSING'].includes(answer)) {
          await client.expect({ type: answer });
        } else {
          await client.expectError(answer as ErrorName);
          await client.expectAlive();
        }
      });
    }
  }
});

test('a wrong token ends the connection at HELLO', { timeout: 30_000 }, async (t) => {
  const broker = await brokerFor(t, { auth: { tokens: auth.tokens } });
  for (const token of ['wrong', 'al', 'all ', '']) {
    const client = await RawClient.open(broker);
    t.after(() => client.close());
    client.frames({ type: 'HELLO', version: 1, name: '', token });
    await client.expectError('DENIED');
    await client.expectEnd();
  }
});

test('a pattern leads only to topics that the client may read', { timeout: 30_000 }, async (t) => {
  const broker = await brokerFor(t, { auth });
  const writer = await clientFor(t, broker, 'all');
  const reader = await clientFor(t, broker, 'reader');
  reader.frames({ ...subscription, topic: '>', group: '' });
  await reader.expect({ type: 'OK' });
  for (const topic of ['secret', 'news.a', 'public', 'news.b']) {
    writer.frames({ type: 'PUBLISH', request: 1, topic, records: [record] });
    await writer.expect({ type: 'PUBLISHED' });
  }
  await reader.expect({ type: 'MESSAGES', topic: 'news.a' });
  await reader.expect({ type: 'MESSAGES', topic: 'news.b' });
  await reader.expectAlive();
});

test('DENIED says what was not allowed, and names the topic', { timeout: 30_000 }, async (t) => {
  const broker = await brokerFor(t, { auth });
  const client = await clientFor(t, broker, 'nothing');
  for (const [frame, reason] of [
    ['create', 'no permission to create or change "news.a"'],
    ['publish', 'no permission to publish to "news.a"'],
    ['subscribe', 'no permission to subscribe to "news.a"'],
    ['subscribe in a group', 'no permission to subscribe to "news.a"'],
    ['subscribe by pattern', 'no permission to subscribe to anything that ">" may lead to'],
  ] as const) {
    client.frames(frames[frame]);
    await client.expect({ type: 'ERROR', request: 1, reason });
  }
});

import { test } from 'node:test';
import type { ClientFrame, ErrorName } from '#protocol';
import { RawClient } from '../../../../chapters/04-full-protocol/test/conversation-client.ts';
import { brokerFor, clientFor } from '../start.ts';

/** Kinds of clients, and what they may do. */
const auth = {
  tokens: [
    { token: 'all' },
    { token: 'writer', publish: ['news.>'], subscribe: [] },
    { token: 'reader', publish: [], subscribe: ['news.>'] },
    { token: 'nothing', publish: [], subscribe: [] },
  ],
  anonymous: { publish: [], subscribe: ['public'] },
};

type Answer = ErrorName | 'OK' | 'PUBLISHED' | 'LAG' | 'PONG' | 'CLOSING' | 'fatal BAD_STATE' | 'silence';
type Kind = 'all' | 'writer' | 'reader' | 'nothing' | '';

const record = { key: '', payload: Buffer.from('x') };
const subscription = { type: 'SUBSCRIBE', request: 1, start: 1, after: 0, window: 0 } as const;
const frames = {
  create: { type: 'CREATE', request: 1, topic: 'news.a', retentionMs: 0, dedupeMs: 0 },
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
  'subscribe to an unknown $': { ...subscription, topic: '$x', group: '' },
  unsubscribe: { type: 'UNSUBSCRIBE', request: 1, topic: 'news.a' },
  commit: { type: 'COMMIT', topic: 'news.a', id: 1 },
  lag: { type: 'LAG', request: 1 },
  ping: { type: 'PING', bytes: Buffer.from('p') },
  pong: { type: 'PONG', bytes: Buffer.alloc(0) },
  hello: { type: 'HELLO', version: 1, name: 'again', token: 'all' },
  close: { type: 'CLOSE' },
} satisfies Record<string, ClientFrame>;

const KINDS: readonly Kind[] = ['all', 'writer', 'reader', 'nothing', ''];
// One column for each kind, in the order of KINDS.
const table: Record<keyof typeof frames, readonly Answer[]> = {
  create: ['OK', 'OK', 'DENIED', 'DENIED', 'DENIED'],
  publish: ['PUBLISHED', 'PUBLISHED', 'DENIED', 'DENIED', 'DENIED'],
  'publish elsewhere': ['PUBLISHED', 'DENIED', 'DENIED', 'DENIED', 'DENIED'],
  'publish to $': ['DENIED', 'DENIED', 'DENIED', 'DENIED', 'DENIED'],
  'create $': ['DENIED', 'DENIED', 'DENIED', 'DENIED', 'DENIED'],
  'publish a reply': ['PUBLISHED', 'PUBLISHED', 'PUBLISHED', 'PUBLISHED', 'PUBLISHED'],
  subscribe: ['OK', 'DENIED', 'OK', 'DENIED', 'DENIED'],
  'subscribe elsewhere': ['OK', 'DENIED', 'DENIED', 'DENIED', 'DENIED'],
  'subscribe in a group': ['OK', 'DENIED', 'OK', 'DENIED', 'DENIED'],
  'subscribe to public': ['OK', 'DENIED', 'DENIED', 'DENIED', 'OK'],
  // A pattern is taken from everybody; what it leads to is another question, asked below.
  'subscribe by pattern': ['OK', 'OK', 'OK', 'OK', 'OK'],
  'subscribe to an unknown $': ['DENIED', 'DENIED', 'DENIED', 'DENIED', 'DENIED'],
  unsubscribe: Array(5).fill('NOT_SUBSCRIBED'),
  commit: Array(5).fill('NOT_SUBSCRIBED'),
  lag: Array(5).fill('LAG'),
  ping: Array(5).fill('PONG'),
  pong: Array(5).fill('silence'),
  hello: Array(5).fill('fatal BAD_STATE'),
  close: Array(5).fill('CLOSING'),
};

test('every frame by every kind of client', { timeout: 30_000 }, async (t) => {
  const broker = await brokerFor(t, { auth });
  for (const [name, answers] of Object.entries(table) as [keyof typeof frames, readonly Answer[]][]) {
    for (const [i, kind] of KINDS.entries()) {
      const answer = answers[i] as Answer;
      await t.test(`${name} by "${kind}": ${answer}`, async (t) => {
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

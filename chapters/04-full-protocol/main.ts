import { connect as connectSocket } from 'node:net';
import { LeveretError } from '#framing';
import type { Narrator, Stage, StageServer } from '../../scripts/stage-types.ts';
import { startBroker } from './broker/index.ts';
import { type Client, type ClientSubscription, connect, type ReceivedMessage } from './client/index.ts';
import { brokerCodec, clientCodec, describeFrame } from './index.ts';

const MINUTE = 60_000;

/** Take so many messages and tell of each. */
async function hear(
  narrator: Narrator,
  who: string,
  subscription: ClientSubscription,
  count: number,
): Promise<ReceivedMessage[]> {
  const messages: ReceivedMessage[] = [];
  while (messages.length < count) {
    const message = await subscription.next();
    if (message === undefined) throw new Error('the subscription ended early');
    const key = message.key === '' ? '' : ` (key ${message.key})`;
    narrator.line(who, `hears "${message.text()}" as id ${message.id} of ${message.topic}${key}`);
    messages.push(message);
  }
  return messages;
}

async function meeting(narrator: Narrator, alice: Client, bob: Client): Promise<void> {
  narrator.heading('1. Two clients, one topic');
  const hers = await alice.subscribe('garden');
  const his = await bob.subscribe('garden');
  narrator.line('alice', 'subscribes to "garden"');
  narrator.line('bob', 'subscribes to "garden"');
  const { id } = await bob.publish('garden', 'carrots are up');
  narrator.line('bob', `publishes "carrots are up"; the broker confirms id ${id}`);
  await hear(narrator, 'alice', hers, 1);
  await hear(narrator, 'bob', his, 1);
  narrator.note('Everybody who subscribed gets it, the publisher too. Nobody created the topic.');
  await hers.unsubscribe();
  await his.unsubscribe();
}

async function retention(narrator: Narrator, alice: Client, bob: Client): Promise<void> {
  narrator.heading('2. Retention: for those who come late');
  await alice.createTopic('news', { retentionMs: MINUTE });
  const { firstId, count } = await alice.publishMany('news', [
    { payload: 'rain' },
    { payload: 'more rain' },
    { payload: 'sun' },
  ]);
  narrator.line('alice', 'creates "news", which keeps its messages for a minute');
  narrator.line('alice', `publishes 3 messages in one frame: ids ${firstId} to ${firstId + count - 1}`);
  const all = await bob.subscribe('news', { from: 'earliest' });
  narrator.line('bob', 'subscribes to "news" only now, from the earliest');
  await hear(narrator, 'bob', all, 3);
  const resumed = await bob.subscribe('news', { from: { after: 2 } });
  narrator.line('bob', 'subscribes again, after id 2');
  await hear(narrator, 'bob', resumed, 1);
  await resumed.unsubscribe();

  await alice.createTopic('flash', { retentionMs: 50 });
  await alice.publish('flash', 'gone in no time');
  narrator.line('alice', 'publishes to "flash", which keeps for 50 ms');
  await new Promise((resolve) => setTimeout(resolve, 120));
  const skipped: string[] = [];
  const flash = await bob.subscribe('flash', {
    from: { after: 0 },
    onSkipped: ({ fromId, toId }) => skipped.push(`${fromId} to ${toId}`),
  });
  await bob.ping();
  narrator.line('bob', `comes later, and is told that he will never get ids ${skipped.join()}`);
  await flash.unsubscribe();
}

async function dedupe(narrator: Narrator, alice: Client, bob: Client): Promise<void> {
  narrator.heading('3. Dedupe: the same key within a minute is dropped');
  await alice.createTopic('orders', { dedupeMs: MINUTE });
  const orders = await bob.subscribe('orders');
  for (const [key, text] of [
    ['order-1', 'ten carrots'],
    ['order-1', 'ten carrots'],
    ['order-2', 'a turnip'],
  ] as const) {
    const { id } = await alice.publish('orders', text, { key });
    const became = id === 0 ? 'a duplicate, dropped' : `id ${id}`;
    narrator.line('alice', `publishes "${text}" with key ${key}: ${became}`);
  }
  await hear(narrator, 'bob', orders, 2);
  narrator.note('The topic drops a duplicate for everybody, and it gets no id.');
  await orders.unsubscribe();
}

async function lockStep(narrator: Narrator, alice: Client, bob: Client): Promise<void> {
  narrator.heading('4. Window, commit and lag');
  const jobs = await bob.subscribe('jobs', { window: 1 });
  narrator.line('bob', 'subscribes to "jobs" with window 1: one message, one commit');
  await alice.publishMany(
    'jobs',
    ['dig', 'sow', 'water', 'wait'].map((payload) => ({ payload })),
  );
  narrator.line('alice', 'publishes 4 jobs in one frame');
  for (let left = 4; left > 2; left--) {
    const [message] = await hear(narrator, 'bob', jobs, 1);
    narrator.line('bob', `asks for his lag: ${await bob.lag()}; nothing more comes`);
    message?.commit();
    narrator.line('bob', `commits id ${message?.id}`);
  }
  const [third] = await hear(narrator, 'bob', jobs, 1);
  third?.commit();
  const [fourth] = await hear(narrator, 'bob', jobs, 1);
  fourth?.commit();
  narrator.line('bob', `commits both, and asks again: lag ${await bob.lag()}`);
  await jobs.unsubscribe();

  const batch = await bob.subscribe('jobs', { window: 100 });
  await alice.publishMany(
    'jobs',
    Array.from({ length: 100 }, (_, i) => ({ payload: `row ${i + 1}` })),
  );
  let last = 0;
  for (let i = 0; i < 100; i++) last = (await batch.next())?.id ?? last;
  narrator.line('bob', `with window 100 takes 100 more: lag ${await bob.lag()}`);
  batch.commit(last);
  narrator.line('bob', `commits once, up to id ${last}: lag ${await bob.lag()}`);
  await batch.unsubscribe();
}

async function mistakes(narrator: Narrator, server: StageServer, alice: Client): Promise<void> {
  narrator.heading('5. Mistakes');
  const refused = await alice.publish('', 'to nowhere').catch((error: unknown) => error);
  const code = refused instanceof LeveretError ? refused.code : 'nothing';
  narrator.line('alice', `publishes to a topic without a name: ${code}, and her connection stays`);
  const hello = clientCodec.encode({ type: 'HELLO', version: 1, name: 'mallory', token: '' });
  const broken = Buffer.from('00000008030000000100ffff', 'hex');
  narrator.line('mallory', `sends bytes: ${broken.toString('hex')}`);
  narrator.note('A PUBLISH of 65,535 messages in a frame of 8 bytes.');
  for (const line of await rawAnswers(server, Buffer.concat([hello, broken]))) narrator.line('broker', line);
  narrator.line('broker', 'ends the connection of mallory');
  narrator.line('alice', `sends PING: answered in ${narrator.volatile((await alice.ping()).toFixed(1))} ms`);
}

/** Send bytes as they are; the broker's frames, one line each, until it ends the connection. */
function rawAnswers({ host, port }: StageServer, bytes: Buffer): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connectSocket({ host, port }, () => socket.write(bytes));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('end', () => {
      const stream = Buffer.concat(chunks);
      const lines: string[] = [];
      for (let at = 0; at < stream.length; ) {
        const end = at + 4 + stream.readUInt32BE(at);
        const frame = brokerCodec.decode(stream.readUInt8(at + 4), stream, at + 5, end);
        // WELCOME holds the number of the connection and the epoch, which differ from run to run.
        if (at > 0) lines.push(describeFrame(frame));
        at = end;
      }
      resolve(lines);
    });
  });
}

/** Chapter 4 as a program. */
export const stage: Stage = {
  title: 'The full protocol',
  serve: ({ host, port }) => startBroker({ host, port }),

  async scenario(server, narrator) {
    const alice = await connect({ ...address(server), name: 'alice' });
    const bob = await connect({ ...address(server), name: 'bob' });
    try {
      await meeting(narrator, alice, bob);
      await retention(narrator, alice, bob);
      await dedupe(narrator, alice, bob);
      await lockStep(narrator, alice, bob);
      await mistakes(narrator, server, alice);
    } finally {
      await alice.close();
      await bob.close();
    }
  },

  talk: () => [
    'in a second terminal, run an example against this broker:',
    '  npm run example two-clients',
    'and see every frame, decoded, with:',
    '  DEBUG=leveret:* npm run chapter 4',
  ],
};

function address({ host, port }: StageServer): { host: string; port: number } {
  return { host, port };
}

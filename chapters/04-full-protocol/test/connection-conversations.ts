/** Conversations about the life of a connection: states, sizes, deadlines, floods. Part of the conversation suite. */
import assert from 'node:assert/strict';
import { clientCodec } from '#protocol';
import { until } from './conversation-client.ts';
import { publish } from './conversation-requests.ts';
import type { Subject } from './conversation-suite.ts';
import { fromHex, helloHex } from './golden-vectors.ts';
import { rounds } from './patience.ts';
import { conversation, productConversation } from './with-broker.ts';

export function connectionConversations(subject: Subject): void {
  states(subject);
  sizes(subject);
  deadlines(subject);
  crowds(subject);
  endings(subject);
}

function states(subject: Subject): void {
  conversation(
    'each connection has a number of its own, all the same epoch',
    subject,
    {},
    async ({ open }) => {
      const [a, b] = [await open(), await open()];
      const first = await a.hex(helloHex).expect({ type: 'WELCOME', version: 1, maxFrameSize: 1_048_576 });
      const second = await b.hex(helloHex).expect({ type: 'WELCOME' });
      assert.ok('epoch' in first && 'epoch' in second, 'a WELCOME tells the epoch');
      assert.notEqual(first.connectionId, second.connectionId);
      assert.equal(first.epoch, second.epoch);
    },
  );

  conversation('every frame may come byte by byte', subject, {}, async ({ open }) => {
    const client = await open();
    const stream = fromHex(`${helloHex} 00000004 07 616263 00000005 08 00000001`);
    for (const byte of stream) client.bytes(Buffer.of(byte));
    await client.expect({ type: 'WELCOME' });
    await client.expect({ type: 'PONG', bytes: '616263' });
    await client.expect({ type: 'LAG', request: 1, messages: 0 });
  });

  conversation('requests before the WELCOME is read are answered in order', subject, {}, async ({ open }) => {
    const client = await open();
    client.hex(`${helloHex} 0000000f 02 00000001 0174 00000000 00000000 00000001 07 00000005 08 00000002`);
    await client.expect({ type: 'WELCOME' });
    await client.expect({ type: 'OK', request: 1 });
    await client.expect({ type: 'PONG', bytes: '' });
    await client.expect({ type: 'LAG', request: 2 });
  });

  conversation(
    'the frames before a broken one are answered, those behind it are not',
    subject,
    {},
    async ({ hello }) => {
      const client = await hello();
      client.hex('00000002 07 61  00000000  00000002 07 62');
      await client.expect({ type: 'PONG', bytes: '61' });
      await client.expectError('BAD_FRAME', 0);
      await client.expectEnd();
    },
  );

  productConversation(
    'a wrong token is refused, and closes',
    subject,
    { token: 'right' },
    async ({ open }) => {
      for (const token of ['', 'wrong', 'right ', 'righ']) {
        const client = await open();
        client.frames({ type: 'HELLO', version: 1, name: 'x', token });
        await client.expectError('DENIED', 0);
        await client.expectEnd();
      }
      const client = await open();
      client.frames({ type: 'HELLO', version: 1, name: 'x', token: 'right' });
      await client.expect({ type: 'WELCOME' });
    },
  );
}

function sizes(subject: Subject): void {
  conversation(
    'a frame above the limit is refused by its size alone',
    subject,
    { maxFrameSize: 100 },
    async (talk) => {
      const client = await talk.open();
      await client.hex(helloHex).expect({ type: 'WELCOME', maxFrameSize: 100 });
      // Exactly at the limit: a topic of 83 bytes.
      client.frames({
        type: 'CREATE',
        request: 1,
        topic: 'x'.repeat(86),
        retentionMs: 0,
        dedupeMs: 0,
      });
      await client.expect({ type: 'OK', request: 1 });
      client.hex('00000065');
      await client.expectError('TOO_LARGE', 0);
      await client.expectEnd();
    },
  );

  conversation('before HELLO the limit is 4 KiB, and HELLO may use it', subject, {}, async ({ open }) => {
    const client = await open();
    const token = 't'.repeat(4096 - 5);
    client.frames({ type: 'HELLO', version: 1, name: '', token });
    await client.expect({ type: 'WELCOME' });
    const tooLarge = await open();
    tooLarge.hex('00001001');
    await tooLarge.expectError('TOO_LARGE', 0);
    await tooLarge.expectEnd();
  });

  conversation(
    'a message must fit into a MESSAGES frame',
    subject,
    { maxFrameSize: 200 },
    async ({ hello }) => {
      const client = await hello();
      const publish = (request: number, size: number) =>
        client.frames({
          type: 'PUBLISH',
          request,
          topic: 't',
          records: [{ key: '', payload: Buffer.alloc(size, 120) }],
        });
      client.frames({
        type: 'SUBSCRIBE',
        request: 1,
        topic: 't',
        start: 1,
        after: 0,
        window: 0,
        group: '',
      });
      await client.expect({ type: 'OK', request: 1 });
      publish(2, 181);
      await client.expect({ type: 'PUBLISHED', request: 2, firstId: 1 });
      await client.expect({ type: 'MESSAGES', firstId: 1 });
      publish(3, 182);
      await client.expectError('BAD_REQUEST', 3);
      await client.expectAlive();
    },
  );
}

function deadlines(subject: Subject): void {
  productConversation('no HELLO in time', subject, { helloTimeoutMs: 40 }, async ({ open }) => {
    const client = await open();
    await client.expectError('TIMEOUT', 0);
    await client.expectEnd();
  });

  productConversation(
    'HELLO byte by byte, without end',
    subject,
    { helloTimeoutMs: 60 },
    async ({ open }) => {
      const client = await open();
      client.hex('00000fff');
      const drip = setInterval(() => client.socket.writable && client.hex('01'), 5);
      try {
        await client.expectError('TIMEOUT', 0);
        await client.expectEnd();
      } finally {
        clearInterval(drip);
      }
    },
  );

  productConversation(
    'a frame that drips is cut off at its deadline',
    subject,
    { frameTimeoutMs: 60 },
    async ({ hello }) => {
      const client = await hello();
      client.hex('0000ffff 03');
      const drip = setInterval(() => client.socket.writable && client.hex('00'), 5);
      try {
        await client.expectError('TIMEOUT', 0);
        await client.expectEnd();
      } finally {
        clearInterval(drip);
      }
    },
  );

  productConversation(
    'whole frames, however many, meet no deadline',
    subject,
    { frameTimeoutMs: 400 },
    async ({ hello }) => {
      const client = await hello();
      const begun = performance.now();
      // Each write ends one frame and begins the next: the stream is never between frames.
      client.hex('0000');
      while (performance.now() - begun < 1_000) {
        client.hex('0001 07 0000');
        await client.expect({ type: 'PONG' });
      }
      client.hex('0001 07');
      await client.expect({ type: 'PONG' });
    },
  );

  productConversation('silence: PING, PING, the end', subject, { idleMs: 30 }, async ({ hello }) => {
    const client = await hello();
    await client.expect({ type: 'PING' });
    await client.expect({ type: 'PING' });
    await client.expectError('TIMEOUT', 0);
    await client.expectEnd();
  });

  productConversation('who answers PING stays', subject, { idleMs: 150 }, async ({ hello }) => {
    const client = await hello();
    for (let i = 0; i < 4; i++) {
      const frame = await client.expect({ type: 'PING' });
      assert.ok('bytes' in frame, 'a PING has bytes');
      client.frames({ type: 'PONG', bytes: frame.bytes });
    }
  });
}

function crowds(subject: Subject): void {
  conversation(
    'one connection too many: FULL, and room again when one goes',
    subject,
    { maxConnections: 2 },
    async (talk) => {
      const first = await talk.hello();
      const second = await talk.hello();
      const third = await talk.open();
      await third.expectError('FULL', 0);
      await third.expectEnd();
      await first.close();
      await second.expectAlive();
      // The broker hears of the end a moment later.
      for (let welcomed = false; !welcomed; ) {
        const client = await talk.open();
        client.hex(helloHex);
        const frame = await client.next().catch(() => undefined);
        welcomed = frame !== undefined && 'epoch' in frame;
      }
    },
  );

  productConversation(
    'too many that say nothing: FULL; others are served',
    subject,
    { maxPending: 3 },
    async (talk) => {
      const served = await talk.hello();
      const silent = [await talk.open(), await talk.open(), await talk.open()];
      // One more than there may be: the one that has been silent longest makes room.
      const extra = await talk.open();
      await silent[0]?.expectError('FULL', 0);
      await silent[0]?.expectEnd();
      await served.expectAlive();
      await silent[1]?.hex(helloHex).expect({ type: 'WELCOME' });
      await extra.hex(helloHex).expect({ type: 'WELCOME' });
      const another = await talk.open();
      await another.hex(helloHex).expect({ type: 'WELCOME' });
    },
  );

  conversation(
    'a flood of requests whose answers are not read: paused, not fatal',
    subject,
    {},
    async ({ hello }) => {
      const [flooder, bystander] = [await hello(), await hello()];
      flooder.socket.pause();
      const pings = Buffer.concat(
        Array.from({ length: 20_000 }, () => fromHex('00000041 07'.concat('ab'.repeat(64)))),
      );
      const times = rounds(10);
      for (let i = 0; i < times; i++) flooder.bytes(pings);
      for (let i = 0; i < 5; i++) await bystander.expectAlive();
      flooder.socket.resume();
      for (let i = 0; i < 20_000 * times; i++) await flooder.next();
      await flooder.expectAlive();
    },
  );

  productConversation(
    'answers that nobody reads: cut off in the end',
    subject,
    { drainTimeoutMs: 100 },
    async ({ hello }) => {
      const [flooder, bystander] = [await hello(), await hello()];
      flooder.socket.pause();
      let gone = false;
      flooder.socket.on('close', () => {
        gone = true;
      });
      const pings = Buffer.concat(
        Array.from({ length: 20_000 }, () => fromHex('00000041 07'.concat('ab'.repeat(64)))),
      );
      while (!gone) {
        if (flooder.socket.writableLength < 10_000_000) flooder.bytes(pings);
        await bystander.expectAlive();
      }
    },
  );
}

function endings(subject: Subject): void {
  conversation('CLOSE: everything before it is answered', subject, {}, async ({ hello }) => {
    const client = await hello();
    client.hex('00000002 07 61  00000001 09  00000002 07 62');
    await client.expect({ type: 'PONG', bytes: '61' });
    await client.expect({ type: 'CLOSING', reason: 'goodbye' });
    await client.expectEnd();
  });

  conversation('a client that ends its direction still gets its answers', subject, {}, async ({ hello }) => {
    const client = await hello();
    client.hex('00000002 07 61  00000005 08 00000001');
    client.socket.end();
    await client.expect({ type: 'PONG', bytes: '61' });
    await client.expect({ type: 'LAG', request: 1 });
    await client.expectEnd();
  });

  conversation(
    'much in one write, the last of it broken: all is answered, in order',
    subject,
    {},
    async (talk) => {
      const client = await talk.hello();
      client.frames(...Array.from({ length: 200 }, (_, i) => publish(i + 1, 't', `${i}`)));
      client.hex('00000001 07 00000000');
      for (let i = 1; i <= 200; i++) await client.expect({ type: 'PUBLISHED', request: i, firstId: i });
      await client.expect({ type: 'PONG' });
      await client.expectError('BAD_FRAME', 0);
      await client.expectEnd();
    },
  );

  conversation(
    'much in one write, and the end of the direction: all is answered',
    subject,
    {},
    async (talk) => {
      const client = await talk.open();
      client.hex(helloHex).frames(...Array.from({ length: 200 }, (_, i) => publish(i + 1, 't', 'x')));
      client.socket.end();
      await client.expect({ type: 'WELCOME' });
      for (let i = 1; i <= 200; i++) await client.expect({ type: 'PUBLISHED', request: i });
      await client.expectEnd();
    },
  );

  conversation('an end in the middle of a frame: closed without a word', subject, {}, async ({ hello }) => {
    const client = await hello();
    client.hex('00000010 03 0000');
    client.socket.end();
    await client.expectEnd();
  });

  conversation(
    'a client that neither reads nor closes after an error is cut off',
    subject,
    { closeTimeoutMs: 50 },
    async (talk) => {
      const [client, bystander] = [await talk.hello(), await talk.hello()];
      let gone = false;
      client.socket.on('close', () => {
        gone = true;
      });
      client.hex('00000000');
      await client.expectError('BAD_FRAME');
      await client.expectEnd();
      // Our direction is still open: only the broker can end this. We notice by a reset when we write.
      await until(() => {
        if (client.socket.writable) client.hex('00');
        return gone;
      }, 'the broker has cut it off');
      await bystander.expectAlive();
    },
  );

  conversation('resets at any time hurt nobody else', subject, {}, async ({ open, hello }) => {
    const bystander = await hello();
    const publish = clientCodec.encode({
      type: 'PUBLISH',
      request: 1,
      topic: 't',
      records: [{ key: '', payload: Buffer.alloc(100) }],
    });
    for (const bytes of [Buffer.alloc(0), fromHex(helloHex), publish, fromHex('0000')]) {
      for (let cut = 0; cut <= bytes.length; cut += 7) {
        const client = cut % 2 === 0 ? await open() : await hello();
        client.bytes(bytes.subarray(0, cut));
        await client.reset();
      }
    }
    await bystander.expectAlive();
  });

  conversation(
    'when the broker ends: CLOSING to clients, SHUTDOWN to strangers',
    subject,
    {},
    async (talk) => {
      const [client, stranger] = [await talk.hello(), await talk.open()];
      // The stranger is known to the broker when a later client has been welcomed.
      await talk.hello();
      const closed = talk.close();
      await client.expect({ type: 'CLOSING', reason: 'shutdown' });
      await client.expectEnd();
      await stranger.expectError('SHUTDOWN', 0);
      await stranger.expectEnd();
      client.socket.end();
      stranger.socket.end();
      await closed;
    },
  );
}

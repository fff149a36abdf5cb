/** Whatever a broker sends, the client takes it or leaves it as the table of frames says. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FrameReader, type LeveretError } from '#framing';
import { brokerCodec } from '#protocol';
import { fromHex, vectors } from '../../../chapters/04-full-protocol/test/golden-vectors.ts';
import { anyStream, cutAt } from '../../../chapters/04-full-protocol/test/random-streams.ts';
import type { Client } from '../client.ts';
import { FakeBroker, welcome } from './fake-broker.ts';

const MOST = Number.MAX_SAFE_INTEGER;

/** A client that is subscribed to every topic, so that it reads every MESSAGES frame to its end. */
async function subscribed(broker: FakeBroker): Promise<Client> {
  const client = await broker.connect({ reconnect: false });
  client.on('error', () => {});
  await client.subscribe('>', { onMessage: () => {} });
  return client;
}

/** The error that has closed a client; undefined while it is open. */
async function closedBy(client: Client): Promise<LeveretError | undefined> {
  return client.status === 'closed' ? client.closed : undefined;
}

/** What the client makes of bytes: the code of the error that closed it, or 'open'. */
async function verdict(pieces: readonly Uint8Array[]): Promise<string> {
  const broker = new FakeBroker();
  const client = await subscribed(broker);
  for (const piece of pieces) broker.sendBytes(piece);
  const code = (await closedBy(client))?.code ?? 'open';
  void client.close({ deadline: 0 });
  return code;
}

/** The same for bytes that come in the place of WELCOME. */
async function verdictOfWelcome(pieces: readonly Uint8Array[]): Promise<string> {
  const broker = new FakeBroker((frame) => {
    for (const piece of frame.type === 'HELLO' ? pieces : []) broker.sendBytes(piece);
  });
  try {
    const client = await broker.connect({ reconnect: false, connectTimeoutMs: 100 });
    void client.close({ deadline: 0 });
    return 'open';
  } catch (error) {
    return (error as LeveretError).code;
  }
}

/** Why a client must refuse a stream; undefined if it must not. */
function reasonToRefuse(stream: Buffer): string | undefined {
  try {
    const reader = new FrameReader((...frame) => {
      const decoded = brokerCodec.decode(...frame);
      if (decoded.type === 'WELCOME') throw new Error('a second WELCOME');
      if (decoded.type === 'MESSAGES' && decoded.firstId + (decoded.records.length - 1) > MOST) {
        throw new Error('ids that there are not');
      }
    });
    reader.push(stream);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const golden = suite('golden vectors of brokers through the client');

for (const { from, name, hex, error } of vectors) {
  if (from !== 'broker') continue;
  golden(name, async () => {
    const bytes = fromHex(hex);
    const judge = name.startsWith('WELCOME') ? verdictOfWelcome : verdict;
    const code = await judge([bytes]);
    if (error === undefined) assert.is.not(code, 'BAD_BROKER', 'what the table knows is taken');
    else assert.is(code, error === 'BAD_VERSION' ? error : 'BAD_BROKER', `is refused: ${error}`);
    assert.is(await judge([...bytes].map((byte) => Buffer.of(byte))), code, 'byte by byte the same');
  });
}

golden('a broker that breaks the protocol is told why it was left', async () => {
  const broker = new FakeBroker();
  const client = await subscribed(broker);
  broker.sendBytes(fromHex('00000006 82 00000001 00'));
  const error = await closedBy(client);
  assert.is(error?.code, 'BAD_BROKER', 'its code');
  assert.match(error?.message ?? '', 'behind the last field of OK', 'the reason');
});

golden('a second WELCOME is refused', async () => {
  const bytes = fromHex('00000016 81 01 0000000000000007 00100000 0000000000000001');
  assert.is(await verdict([bytes]), 'BAD_BROKER', 'there is one');
});

golden('the largest numbers of eight bytes are read as 2^53 - 1', async () => {
  const broker = new FakeBroker((frame) => {
    if (frame.type !== 'HELLO') welcome(frame, broker);
    else broker.sendBytes(fromHex('00000016 81 01 ffffffffffffffff 00100000 ffffffffffffffff'));
  });
  const client = await broker.connect({ reconnect: false });
  assert.equal([client.connectionId, client.epoch], [MOST, MOST], 'of WELCOME');
  const ids: number[] = [];
  await client.subscribe('news', { onMessage: ({ id }) => ids.push(id) });
  broker.sendBytes(fromHex('00000016 84 046e657773 ffffffffffffffff 0001 0000 00000000'));
  assert.equal(ids, [MOST], 'of MESSAGES');
  broker.sendBytes(fromHex('0000001c 84 046e657773 ffffffffffffffff 0002 0000 00000000 0000 00000000'));
  assert.is((await closedBy(client))?.code, 'BAD_BROKER', 'there are no ids behind that');
});

golden.run();

const random = suite('random streams through the client');

random(
  'golden vectors and changes of them, however cut, are taken or refused as the table says',
  async () => {
    const property = fc.asyncProperty(
      anyStream('broker'),
      fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 6 }),
      async (stream, sizes) => {
        const reason = reasonToRefuse(stream);
        const code = await verdict(cutAt(stream, sizes));
        const isRefused = code === 'BAD_BROKER' || code === 'BAD_VERSION';
        // What an ERROR or a CLOSING before it says stays the reason.
        if (reason === undefined) assert.not.ok(isRefused, `${stream.toString('hex')} is refused: ${code}`);
        else assert.is.not(code, 'open', `${stream.toString('hex')} is taken, but ${reason}`);
      },
    );
    await fc.assert(property, { numRuns: 1_500 });
  },
);

random.run();

/** Random requests of all kinds of clients at once: each is answered as the table says, and who is refused has changed nothing. */
// deadline: 120 s
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BrokerFrame, type ClientFrame, errorName } from '#protocol';
import { type Broker, createBroker } from '../../../index.ts';
import { MemoryConnection, settle } from '../memory-connection.ts';
import { differences, Snapshots } from '../snapshot.ts';
import { type Ask, Model } from './model.ts';
import { AUTH, KINDS, type Kind, REQUESTS, type Request, TARGETS, type Target, verdictOf } from './table.ts';

const NAMES = [...new Set(Object.values(TARGETS).flat())];
const REQUEST_NAMES = Object.keys(REQUESTS) as Request[];

const anyAsk: fc.Arbitrary<Ask> = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    request: fc.constantFrom(
      ...REQUEST_NAMES,
      'SUBSCRIBE' as const,
      'UNSUBSCRIBE' as const,
      'COMMIT' as const,
    ),
    type: fc.nat({ max: 2 }),
    // Inboxes and the topics that are permitted to some meet more often.
    name: fc.oneof(
      fc.constantFrom(...NAMES),
      fc.constantFrom('_inbox.1', '_inbox.2', 'tree.leaf', 'shop.orders'),
    ),
    start: fc.constantFrom(0, 1, 1, 2),
    window: fc.constantFrom(0, 1, 2),
  })
  .map(({ request, type, ...rest }) => {
    if (request === 'UNSUBSCRIBE' || request === 'COMMIT') return { request, type: request, ...rest };
    const types = REQUESTS[request];
    return { request, type: types[type % types.length] ?? '', ...rest };
  });

function frameOf({ request, type, name: topic, start, window }: Ask): ClientFrame {
  const group = request === 'SUBSCRIBE in a group' ? 'workers' : '';
  const fields = {
    request: 9,
    topic,
    start,
    after: 1_000_000,
    window,
    group,
    id: 0,
    upTo: 0,
    retentionMs: 60_000,
    dedupeMs: window,
    records: [{ key: 'key', payload: Buffer.from('text') }],
  };
  return { type, ...fields } as unknown as ClientFrame;
}

/** A broker with one client of each kind. */
class Stand {
  readonly broker: Broker;
  readonly clients = new Map<Kind, MemoryConnection>();
  readonly faults: unknown[] = [];

  private constructor(broker: Broker) {
    this.broker = broker;
  }

  static async start(): Promise<Stand> {
    const faults: unknown[] = [];
    const quiet = (): void => {};
    const logger = {
      debug: quiet,
      info: quiet,
      warn: quiet,
      error: (facts: object) => void faults.push(facts),
    };
    const stand = new Stand(
      await createBroker({ port: 0, auth: AUTH, sweepIntervalMs: 60_000, clock: () => 1_000_000, logger }),
    );
    for (const kind of KINDS) {
      const client = new MemoryConnection();
      stand.clients.set(kind, client);
      stand.broker.adopt(client);
      client.say({ type: 'HELLO', version: 1, name: kind, token: kind === 'anonymous' ? '' : kind });
    }
    await stand.settle();
    return stand;
  }

  async settle(): Promise<void> {
    await settle([...this.clients.values()]);
  }

  /** Lets a client ask. Returns the answer, as `OK`, `ERROR DENIED`, or `nothing`. */
  async ask(ask: Ask): Promise<string> {
    for (const client of this.clients.values()) client.heard();
    const client = this.clients.get(ask.kind) as MemoryConnection;
    client.say(frameOf(ask));
    await this.settle();
    const answers = client.heard().filter(({ type }) => type !== 'MESSAGES' && type !== 'SKIPPED');
    if (answers.length > 1) throw new Error(`${answers.length} answers: ${answers.map(nameOf).join(', ')}`);
    const [answer] = answers;
    return answer === undefined ? 'nothing' : nameOf(answer);
  }
}

function nameOf(frame: BrokerFrame): string {
  return frame.type === 'ERROR' ? `ERROR ${errorName(frame.code)}` : frame.type;
}

async function check(asks: readonly Ask[], snapshots: Snapshots): Promise<void> {
  const stand = await Stand.start();
  const model = new Model();
  let known: string[] | undefined;
  try {
    for (const ask of asks) {
      const expected = model.expected(ask);
      const target = `${ask.name}: ${model.targetOf(ask.kind, ask.name)}`;
      // Where a refusal is right, the state before it is compared with the one after it.
      const mayBeRefused = expected.some((each) => each.startsWith('ERROR'));
      const before = mayBeRefused ? (known ?? snapshots.of(stand.broker.core)) : undefined;
      known = undefined;
      const answer = await stand.ask(ask);
      const what = `${ask.type} of "${ask.kind}" (${ask.request}, ${target})`;
      if (!expected.includes(answer)) {
        throw new Error(`${what} is answered by ${answer}, not by ${expected.join(' or ')}`);
      }
      if (answer.startsWith('ERROR') && before !== undefined) {
        known = snapshots.of(stand.broker.core);
        const changes = differences(before, known);
        if (changes.length > 0) throw new Error(`${what} is refused, and changes:\n${changes.join('\n')}`);
      } else {
        model.done(ask);
      }
    }
    assert.deepEqual(stand.faults, [], 'the broker has a fault');
  } finally {
    await stand.broker.close(0);
  }
}

test('random requests by seven kinds of clients: answered as the table says, and a refusal changes nothing', async () => {
  const snapshots = new Snapshots();
  const numRuns = Number(process.env.LEVERET_MODEL_RUNS ?? 8);
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(anyAsk, { minLength: 1, maxLength: 60, size: 'max' }), (asks) =>
        check(asks, snapshots),
      ),
      { numRuns, endOnFailure: true },
    );
  } finally {
    snapshots.close();
  }
});

test('every cell of the table, with nothing before it', async () => {
  const snapshots = new Snapshots();
  const wrong: string[] = [];
  try {
    for (const request of REQUEST_NAMES) {
      for (const type of REQUESTS[request]) {
        for (const kind of KINDS) {
          const stand = await Stand.start();
          const model = new Model();
          for (const name of NAMES) {
            const ask = { kind, request, type, name, start: 1, window: 1 };
            const expected = model.expected(ask);
            const answer = await stand.ask(ask);
            if (!answer.startsWith('ERROR')) model.done(ask);
            if (!expected.includes(answer))
              wrong.push(`${type} ${name} by ${kind}: ${answer}, not ${expected.join(' or ')}`);
          }
          await stand.broker.close(0);
        }
      }
    }
  } finally {
    snapshots.close();
  }
  assert.deepEqual(wrong, [], 'answers that the table does not have');
});

test('the table has a verdict for every request, target and kind', () => {
  for (const request of REQUEST_NAMES) {
    for (const target of Object.keys(TARGETS) as Target[]) {
      for (const kind of KINDS) verdictOf(request, target, kind);
    }
  }
});

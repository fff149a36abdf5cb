/** Plays a stream of bytes to a broker of its own, and tells what the broker said, and how it is left. */
import { type BrokerFrame, type ClientFrame, errorName } from '#protocol';
import { frameToJson } from '../../../../chapters/04-full-protocol/test/golden-vectors.ts';
import { type Broker, createBroker } from '../../../index.ts';
import { MemoryConnection, settle, turn } from '../memory-connection.ts';
import { outline } from '../outline.ts';
import type { Snapshots } from '../snapshot.ts';

/** A broker that stands beside the event loop: nothing but what is played to it happens, and its clock stands still. */
export interface Stage {
  readonly broker: Broker;
  readonly bystander: MemoryConnection;
  /** What the broker logged as its own faults. */
  readonly faults: string[];
}

/** How the pieces come: all in one turn of the event loop, or each in its own. */
export type Pace = 'one turn' | 'a turn each';

/** What came of a stream. */
export interface Outcome {
  /** All that the broker said, in order, as text. */
  readonly said: readonly string[];
  /** The broker afterwards. */
  readonly state: readonly string[];
}

const SUBSCRIBE: ClientFrame = {
  type: 'SUBSCRIBE',
  request: 1,
  topic: 'bystander',
  start: 1,
  after: 0,
  window: 0,
  group: '',
};

/** A broker with somebody connected who has nothing to do with it. */
export async function setStage(): Promise<Stage> {
  const faults: string[] = [];
  const quiet = (): void => {};
  const broker = await createBroker({
    port: 0,
    clock: () => 1_000_000,
    sweepIntervalMs: 60_000,
    logger: {
      debug: quiet,
      info: quiet,
      warn: quiet,
      error: (facts, message) => void faults.push(`${message}: ${describe(facts)}`),
    },
  });
  const bystander = new MemoryConnection();
  broker.adopt(bystander);
  bystander.say({ type: 'HELLO', version: 1, name: 'bystander', token: '' }, SUBSCRIBE);
  await settle([bystander]);
  bystander.heard();
  return { broker, bystander, faults };
}

/**
 * Plays the pieces of a stream.
 *
 * @param snapshots - what looks at the whole state; without it a few figures must do, which is a hundred times faster
 * @throws Error when the broker logs a fault, or does not serve the bystander
 */
export async function play(
  pieces: readonly Buffer[],
  pace: Pace,
  snapshots: Snapshots | undefined,
): Promise<Outcome> {
  const stage = await setStage();
  const { broker, bystander, faults } = stage;
  try {
    const client = new MemoryConnection();
    broker.adopt(client);
    await turn();
    for (const piece of pieces) {
      client.give(piece);
      if (pace === 'a turn each') await turn();
    }
    await settle([client, bystander]);
    const said = client.heard().filter(isSteady).map(text);
    const state = snapshots === undefined ? outline(broker.core) : snapshots.of(broker.core);
    await checkBystander(stage);
    if (faults.length > 0) throw new Error(`the broker has a fault: ${faults.join('; ')}`);
    const internal = said.find((each) => each.startsWith('ERROR INTERNAL'));
    if (internal !== undefined) throw new Error(internal);
    return { said, state };
  } finally {
    await broker.close(0);
  }
}

/** The answers to requests alone, without what depends on how much was delivered before a frame came. */
export function answers({ said }: Outcome): string[] {
  return said
    .filter((each) => !/^(MESSAGES|SKIPPED|LAG|ERROR BAD_COMMIT|PING|CLOSING)/.test(each))
    .map((each) => (/^(OK|PUBLISHED|PONG|WELCOME|ERROR)/.test(each) ? each : (each.split(' ')[0] ?? '')));
}

async function checkBystander({ bystander }: Stage): Promise<void> {
  bystander.heard();
  bystander.say({
    type: 'PUBLISH',
    request: 7,
    topic: 'bystander',
    records: [{ key: '', payload: Buffer.from('still here') }],
  });
  await settle([bystander]);
  const types = bystander.heard().map(({ type }) => type);
  if (types.join() !== 'PUBLISHED,MESSAGES')
    throw new Error(`the bystander was told ${types.join() || 'nothing'}`);
}

/** The broker's own topics tell of time and memory. */
function isSteady(frame: BrokerFrame): boolean {
  return !((frame.type === 'MESSAGES' || frame.type === 'SKIPPED') && frame.topic.startsWith('$'));
}

/** `ERROR DENIED 3: no permission`, `MESSAGES {...}`. */
function text(frame: BrokerFrame): string {
  if (frame.type === 'ERROR') {
    return `ERROR ${errorName(frame.code) ?? frame.code} ${frame.request}: ${frame.reason}`;
  }
  const { type, epoch: _, ...rest } = frameToJson(frame);
  return `${type} ${JSON.stringify(rest)}`;
}

function describe(facts: object): string {
  const { err, ...rest } = facts as { err?: Error };
  return `${JSON.stringify(rest)} ${err?.stack ?? ''}`;
}

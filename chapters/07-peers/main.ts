import { setTimeout as delay } from 'node:timers/promises';
import type { Narrator, Stage, StageServer } from '../../scripts/stage-types.ts';
import { formatAddress, parseAddress } from './address.ts';
import { PeerError } from './errors.ts';
import { createPeer, type Peer } from './peer.ts';

/** What `npm run chapter 7` runs: bob, a peer who answers everyone; alice and carol come for the story. */
export const stage: Stage = {
  title: 'Peers over a pool of connections',
  async serve({ host, port }) {
    const bob = await createPeer({ host, port });
    void answerEveryone(bob);
    return { ...parseAddress(bob.address), close: () => bob.close() };
  },
  async scenario(server, narrator) {
    const bob = formatAddress(server);
    narrator.heading('Three peers talk');
    await using alice = await Actor.create('alice', server, narrator);
    await using carol = await Actor.create('carol', server, narrator);
    await chat(alice, carol, bob, narrator);
    await cancel(alice, bob, narrator);
    await downAndUp(alice, carol, narrator);
    await idle(alice, narrator);
  },
  talk(server) {
    return [
      `npx tsx chapters/07-peers/examples/repl.ts ${formatAddress(server)}`,
      'then type a line: bob answers to the address that you listen on',
      'start it twice, and let one talk to the other',
    ];
  },
};

async function answerEveryone(bob: Peer): Promise<void> {
  for await (const { data, from } of bob.receive()) {
    // Who cannot be reached at the address that he gave gets no answer; that is his affair.
    await bob.send(from, Buffer.from(`bob heard: ${data}`)).catch(() => {});
  }
}

/** The clock of the story: real time, and what the narrator lets pass. */
let passed = 0;
const clock = () => performance.now() + passed;

/** One peer of the story. */
class Actor {
  readonly #name: string;
  readonly #narrator: Narrator;
  readonly #host: string;
  #peer: Peer;

  private constructor(name: string, peer: Peer, host: string, narrator: Narrator) {
    this.#name = name;
    this.#peer = peer;
    this.#host = host;
    this.#narrator = narrator;
  }

  static async create(name: string, { host }: StageServer, narrator: Narrator): Promise<Actor> {
    const peer = await createPeer({ host, clock });
    const { port } = parseAddress(peer.address);
    narrator.line(
      name,
      `listens on ${formatAddress({ host, port: 1 }).slice(0, -1)}${narrator.volatile(port)}`,
    );
    return new Actor(name, peer, host, narrator);
  }

  get address(): string {
    return this.#peer.address;
  }

  get connections(): number {
    return this.#peer.status().addresses.flatMap(({ connections }) => connections).length;
  }

  says(text: string): void {
    this.#narrator.line(this.#name, text);
  }

  /** Sends, and tells how it went. */
  async sends(text: string, whom: string, to: string, signal?: AbortSignal): Promise<void> {
    const options = signal === undefined ? {} : { signal };
    const outcome = await this.#peer.send(to, Buffer.from(text), options).then(
      () => 'written',
      (error: unknown) => (error instanceof PeerError ? `${error.code}, sent: ${error.sent}` : String(error)),
    );
    const what = `"${text}" to ${whom}`;
    this.says(`${what.padEnd(26)} -> ${outcome}`);
  }

  /** Takes the next datagram, and returns whom to answer. */
  async hears(names: ReadonlyMap<string, string>): Promise<string> {
    const { value } = await this.#peer.receive().next();
    if (value === undefined) throw new Error(`${this.#name} was closed`);
    this.says(`hears "${value.data}" from ${names.get(value.from) ?? 'a stranger'}`);
    return value.from;
  }

  async leaves(): Promise<void> {
    await this.#peer.close();
    this.says('closes');
  }

  async comesBack(): Promise<void> {
    const { port } = parseAddress(this.address);
    this.#peer = await createPeer({ host: this.#host, port });
    this.says('is back on the same address');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#peer.close();
  }
}

async function chat(alice: Actor, carol: Actor, bob: string, narrator: Narrator): Promise<void> {
  const names = new Map([
    [alice.address, 'alice'],
    [carol.address, 'carol'],
    [bob, 'bob'],
  ]);
  await alice.sends('hello', 'bob', bob);
  await alice.hears(names);
  await alice.sends('and you?', 'carol', carol.address);
  const from = await carol.hears(names);
  await carol.sends('fine', 'alice', from);
  await alice.hears(names);
  await carol.sends('buy carrots', 'herself', carol.address);
  await carol.hears(names);
  narrator.note(
    '"from" is where the sender listens, so it can be answered. Each way has its own connections.',
  );
}

async function cancel(alice: Actor, bob: string, narrator: Narrator): Promise<void> {
  narrator.heading('A send is cancelled before, during and after');
  await alice.sends('never mind', 'bob', bob, AbortSignal.abort());
  const stop = new AbortController();
  const sending = alice.sends('wait, no', 'bob', bob, stop.signal);
  stop.abort();
  await sending;
  const late = new AbortController();
  await alice.sends('too late', 'bob', bob, late.signal);
  late.abort();
  await alice.hears(new Map([[bob, 'bob']]));
  narrator.note('A cancelled send says whether the datagram may have left: "no" means not a byte.');
}

async function downAndUp(alice: Actor, carol: Actor, narrator: Narrator): Promise<void> {
  narrator.heading('A peer goes down, and comes back');
  await carol.leaves();
  await alice.sends('carol?', 'carol', carol.address);
  await alice.sends('are you there?', 'carol', carol.address);
  narrator.note('The second send waited for the next dial, which the backoff had put off.');
  await carol.comesBack();
  await alice.sends('good to see you', 'carol', carol.address);
  await carol.hears(new Map([[alice.address, 'alice']]));
}

async function idle(alice: Actor, narrator: Narrator): Promise<void> {
  narrator.heading('Idle connections are closed');
  alice.says(`has ${alice.connections} connections open: one to bob, one to carol`);
  passed += 30_000;
  while (alice.connections > 0) await delay(5);
  alice.says('has none, half a minute later');
  narrator.note('The half minute passed on the clock that was given to alice: no need to wait for it.');
}

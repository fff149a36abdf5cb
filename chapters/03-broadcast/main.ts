import { decodeLagged, LAGGED_TYPE, startBroadcastServer } from '#broadcast/server';
import { FrameClient } from '#framing/net';
import type { Narrator, Stage, StageServer } from '../../scripts/stage-types.ts';

const TEXT = 1;
/** A small ring, so that the scenario overruns it quickly. */
const CAPACITY = 64;

type Person = readonly [name: string, client: FrameClient];

/** Comes in, and waits for its own first frame: from then on it gets everything. */
async function join(server: StageServer, name: string): Promise<Person> {
  const client = await FrameClient.connect(server);
  await client.send(TEXT, Buffer.from(`${name} is here`));
  await client.receive();
  return [name, client];
}

async function everybodyHears(
  people: readonly Person[],
  from: Person,
  text: string,
  narrator: Narrator,
) {
  narrator.line(from[0], `sends "${text}"`);
  await from[1].send(TEXT, Buffer.from(text));
  for (const [name, client] of people) {
    const { body } = await client.receive();
    narrator.line(name, `receives "${body.toString()}"`);
  }
}

/** Each wants one subject, and has to read all of them. */
async function subjects(people: readonly Person[], narrator: Narrator): Promise<void> {
  const wanted = ['tea', 'news', 'weather'];
  const [, first] = people[0] ?? raise('nobody is here');
  const rounds = 100;
  for (let n = 0; n < rounds; n += 1) {
    for (const subject of wanted)
      await first.send(TEXT, Buffer.from(`${subject} ${n}`));
  }
  for (const [index, [name, client]] of people.entries()) {
    const subject = wanted[index] ?? '';
    let mine = 0;
    for (let n = 0; n < rounds * wanted.length; n += 1) {
      const { body } = await client.receive();
      if (body.toString().startsWith(subject)) mine += 1;
    }
    const noise = rounds * wanted.length - mine;
    narrator.line(
      name,
      `reads ${rounds * wanted.length} frames for ${mine} on ${subject}; ${noise} are noise`,
    );
  }
}

/** One does not read while much is sent. */
async function sleeper(
  server: StageServer,
  people: readonly Person[],
  narrator: Narrator,
): Promise<void> {
  const [, dora] = await join(server, 'dora');
  for (const [, client] of people) await client.receive();
  narrator.line('dora', 'joins, and falls asleep: she does not read');
  const total = 2_048;
  const body = Buffer.alloc(16_384);
  const [, ann] = people[0] ?? raise('nobody is here');
  for (let sent = 0; sent < total; sent += 16) {
    for (let n = 0; n < 16; n += 1) await ann.send(TEXT, body);
    for (const [, client] of people)
      for (let n = 0; n < 16; n += 1) await client.receive();
  }
  const [annName, ...others] = people.map(([name]) => name);
  narrator.line(
    annName ?? '',
    `sends ${total} frames of 16 KiB and reads them all, as do ${others.join(' and ')}`,
  );
  narrator.note(
    `The server keeps the last ${CAPACITY}; the sockets of the system hold some more for dora.`,
  );
  narrator.line('dora', 'wakes up and reads');
  let got = 0;
  let missed = 0;
  let notices = 0;
  while (got + missed < total) {
    const frame = await dora.receive();
    if (frame.type !== LAGGED_TYPE) got += 1;
    else {
      missed += decodeLagged(frame.body);
      notices += 1;
    }
  }
  const times = notices === 1 ? 'once' : `${notices} times`;
  narrator.line(
    'dora',
    `got ${narrator.volatile(got)} frames, and was told ${narrator.volatile(times)}`,
  );
  narrator.line(
    'dora',
    `that she missed ${narrator.volatile(missed)}: together ${got + missed}`,
  );
  await dora.close();
}

function raise(reason: string): never {
  throw new Error(reason);
}

/** Chapter 3 as a program. */
export const stage: Stage = {
  title: 'A broadcast server',
  serve: ({ host, port }) => startBroadcastServer({ host, port, capacity: CAPACITY }),

  async scenario(server, narrator) {
    const people: Person[] = [];
    narrator.heading('1. Three clients connect; what one sends, all receive');
    for (const name of ['ann', 'bob', 'cat']) {
      const person = await join(server, name);
      for (const [, client] of people) await client.receive();
      people.push(person);
    }
    const [ann, bob] = [people[0] ?? raise('no ann'), people[1] ?? raise('no bob')];
    await everybodyHears(people, ann, 'the kettle is on', narrator);
    await everybodyHears(people, bob, 'I bring the cups', narrator);

    narrator.heading('2. Everybody gets everything, also what they do not want');
    await subjects(people, narrator);

    narrator.heading('3. One does not read, and nobody waits for her');
    await sleeper(server, people, narrator);

    narrator.heading('4. One sends rubbish, and only he is thrown out');
    const mallory = await FrameClient.connect(server);
    narrator.line(
      'mallory',
      `sends a frame of the type 0x${LAGGED_TYPE.toString(16)}, which is the server's own`,
    );
    await mallory.send(LAGGED_TYPE, Buffer.alloc(4));
    const end = await mallory.receive().then(
      () => 'receives a frame',
      () => 'is disconnected',
    );
    narrator.line('mallory', end);
    await everybodyHears(people, ann, 'where were we?', narrator);

    for (const [, client] of people) await client.close();
  },

  talk: ({ host, port }) => [
    'in a second terminal, see what is sent:',
    `  node -e "require('net').connect(${port}, '${host}').on('data', console.log)"`,
    'in a third, send a frame of type 1 with "hello" in it:',
    `  node -e "require('net').connect(${port}, '${host}').end('\\0\\0\\0\\x06\\x01hello')"`,
  ],
};

import { FrameClient } from '#framing/net';
import { startTextServer, TEXT_FRAME } from '#topics/server';
import type { Narrator, Stage, StageServer } from '../../scripts/stage-types.ts';

/** What `npm run chapter 2` runs: commands as text in frames, against one registry. */
export const stage: Stage = {
  title: "A subscriber's buffer and the topic registry",
  serve: startTextServer,
  async scenario(server, narrator) {
    const writer = await Actor.connect('writer', server, narrator);
    const reader = await Actor.connect('reader', server, narrator);
    const late = await Actor.connect('late', server, narrator);
    try {
      await queue(writer, reader, narrator);
      await retention(writer, reader, late, narrator);
      await dedupe(writer, reader, narrator);
      await commits(writer, reader, narrator);
    } finally {
      for (const actor of [writer, reader, late]) await actor.leave();
    }
  },
  talk({ port }) {
    return [
      `npx tsx chapters/02-subscriber/examples/repl.ts ${port}`,
      'then type: subscribe hares, publish hares hello, lag, next, help',
      'the ids of hares go on from those of the story; start it twice, and publish from one to the other',
    ];
  },
};

/** One client of the story: what it asks and what it is told are printed on one line. */
class Actor {
  readonly #name: string;
  readonly #client: FrameClient;
  readonly #narrator: Narrator;

  private constructor(name: string, client: FrameClient, narrator: Narrator) {
    this.#name = name;
    this.#client = client;
    this.#narrator = narrator;
  }

  static async connect(name: string, { host, port }: StageServer, narrator: Narrator): Promise<Actor> {
    return new Actor(name, await FrameClient.connect({ host, port }), narrator);
  }

  async asks(...commands: string[]): Promise<void> {
    for (const command of commands) {
      await this.#client.send(TEXT_FRAME, Buffer.from(command));
      const answer = (await this.#client.receive()).body.toString();
      this.#narrator.line(this.#name, `${command.padEnd(30)} -> ${answer}`);
    }
  }

  leave(): Promise<void> {
    return this.#client.close();
  }
}

async function queue(writer: Actor, reader: Actor, narrator: Narrator): Promise<void> {
  narrator.heading('A queue for each subscriber');
  await reader.asks('subscribe hares', 'subscribe foxes');
  await writer.asks('publish hares one', 'publish foxes two', 'publish hares three', 'publish owls four');
  narrator.note('Nobody subscribed to owls. The topics take turns: a busy one holds up no other.');
  await reader.asks('lag', 'next', 'next', 'next', 'next', 'lag');
}

async function retention(writer: Actor, reader: Actor, late: Actor, narrator: Narrator): Promise<void> {
  narrator.heading('Retention: nothing older than a minute');
  await writer.asks('create weather 60000 0');
  await reader.asks('subscribe weather');
  await writer.asks('publish weather sun', 'clock +50000', 'publish weather rain', 'clock +20000');
  narrator.note("Seventy seconds have passed on the server's clock. The first is too old now.");
  await reader.asks('lag', 'next', 'next');
  narrator.note('Who comes late can have what is retained.');
  await late.asks('subscribe weather earliest', 'next', 'next');
}

async function dedupe(writer: Actor, reader: Actor, narrator: Narrator): Promise<void> {
  narrator.heading('Dedupe: a key counts once a minute');
  await writer.asks('create orders 0 60000');
  await reader.asks('subscribe orders');
  await writer.asks(
    'publish orders key:17 a cake',
    'publish orders key:17 a cake',
    'publish orders key:18 tea',
  );
  await writer.asks('clock +60001', 'publish orders key:17 a cake');
  await reader.asks('lag', 'next', 'next', 'next', 'next');
}

async function commits(writer: Actor, reader: Actor, narrator: Narrator): Promise<void> {
  narrator.heading('Commits: two at a time');
  await reader.asks('subscribe steps window:2');
  await writer.asks('publish steps a', 'publish steps b', 'publish steps c');
  await reader.asks('next', 'next', 'next');
  narrator.note('Two are handed out and not committed: the window is closed. They still count as lag.');
  await reader.asks('lag', 'commit steps 3', 'commit steps 2', 'lag', 'next', 'commit steps 3', 'lag');
}

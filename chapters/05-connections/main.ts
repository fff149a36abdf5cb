import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Narrator, Stage, StageServer } from '../../scripts/stage-types.ts';
import { describeStatus, EchoServer } from './echo-server.ts';
import type { Closed, Opened } from './index.ts';

/** What happened on the server's side, for the scenario to look at. */
const opened: Opened[] = [];
const closed: Closed[] = [];

/** What `npm run chapter 5` runs: the seed's echo server. */
export const stage: Stage = {
  title: 'Many connections',
  serve: (options) =>
    EchoServer.start(
      {
        ...options,
        sweepInterval: 20,
        connectionQueueBytes: 65_536,
        queueBytes: 262_144,
        highWaterMark: 16_384,
      },
      { opened: (event) => opened.push(event), closed: (event) => closed.push(event) },
    ),
  async scenario(server, narrator) {
    if (!(server instanceof EchoServer)) throw new TypeError('this scenario looks into its own server');
    const people = new People(server, narrator);
    try {
      await echo(people, narrator);
      await ids(people, narrator);
      await pieces(people, narrator);
      await idle(people, narrator);
      await gone(people, narrator);
      await rest(people, server, narrator);
    } finally {
      people.leave();
    }
    await until(() => closed.length === opened.length);
    narrator.heading('Status');
    const status = describeStatus(server.pipeline);
    narrator.line(
      'server',
      status.replaceAll(/\d+(?= bytes| out)/g, (bytes) => narrator.volatile(bytes)),
    );
  },
  talk({ host, port }) {
    return [
      `nc ${host} ${port}                  (in another terminal; in two, better)`,
      'or, where there is no nc:',
      `  node -e "process.stdin.pipe(require('net').connect(${port}, '${host}')).pipe(process.stdout)"`,
      'then type: hello, /id, /send ID hello, /close ID, /idle 3000, /status',
      'DEBUG=leveret:connections npm run chapter 5 shows each connection and why it ended',
    ];
  },
};

async function echo(people: People, narrator: Narrator): Promise<void> {
  narrator.heading('Two connections, ten consumers, one echo');
  const ann = await people.join('ann');
  const ben = await people.join('ben');
  await ann.says('hello');
  await ben.says('hello to you');
}

async function ids(people: People, narrator: Narrator): Promise<void> {
  narrator.heading('An id is text, and leads back');
  const [ann, ben] = [people.named('ann'), people.named('ben')];
  const stored = JSON.stringify({ friend: ben.id });
  narrator.line('ann', `keeps  ${stored.replace(ben.id, show(ben.id, narrator))}`);
  const { friend } = JSON.parse(stored) as { friend: string };
  await ann.says(`/send ${friend} psst`);
  ben.reports(await ben.hears());
}

async function pieces(people: People, narrator: Narrator): Promise<void> {
  narrator.heading('Lines, wherever the network cuts them');
  const ann = people.named('ann');
  ann.writes('one\ntw');
  ann.reports(await ann.hears());
  narrator.note('"tw" waits: its end has not come.');
  ann.writes('o\n');
  ann.reports(await ann.hears());
  const cat = await people.join('cat');
  narrator.line('cat', 'writes 5,000 bytes, and never a line feed');
  cat.socket.write('x'.repeat(5_000));
  await cat.ends();
}

async function idle(people: People, narrator: Narrator): Promise<void> {
  narrator.heading('An idle timeout for one connection');
  const dan = await people.join('dan');
  await dan.says('/idle 200');
  narrator.line('dan', 'says nothing more');
  await dan.ends();
  narrator.note('Everybody else has no such timeout. One sweep looks at all of them; no socket has a timer.');
}

async function gone(people: People, narrator: Narrator): Promise<void> {
  narrator.heading('The id of somebody who left');
  const ann = people.named('ann');
  await ann.says(`/send ${people.named('dan').id} are you there?`);
  await people.join('eve');
  await ann.says(`/send ${people.named('dan').id} and now?`);
  narrator.note('A number is never used again, so what was meant for dan cannot reach eve.');
}

async function rest(people: People, server: EchoServer, narrator: Narrator): Promise<void> {
  narrator.heading('The consumers take a rest');
  const { pipeline } = server;
  const eve = people.named('eve');
  let wake = (): void => {};
  server.restUntil(new Promise((resolve) => (wake = resolve)));
  const line = `${'z'.repeat(999)}\n`;
  const count = 32_000;
  narrator.line('eve', `writes ${count.toLocaleString('en')} lines, ${(count * line.length) / 1e6} MB`);
  const before = pipeline.status().bytesIn;
  eve.socket.write(line.repeat(count));
  await until(() => pipeline.status().waiting.received > 0);
  await settled(() => pipeline.status().bytesIn);
  const { waiting, bytesIn } = pipeline.status();
  const took = narrator.volatile(`${Math.round((bytesIn - before) / 1e3)} kB`);
  narrator.line(
    'server',
    `has taken ${took} of them, ${narrator.volatile(waiting.received)} lines wait, and reads no more of eve`,
  );
  if (waiting.receivedBytes > 262_144) throw new Error(`${waiting.receivedBytes} bytes wait`);
  narrator.note("The rest waits in the operating system's buffers and with eve: TCP makes her wait.");
  const ann = people.named('ann');
  ann.writes('I am only one line\n');
  narrator.note('The consumers go on. Connections take turns, so ann is served long before eve is done.');
  wake();
  ann.reports(await ann.hears());
  await eve.hearsBytes(count * line.length);
  narrator.line('eve', `hears  all ${count.toLocaleString('en')} lines, in order`);
}

/** The clients of the story. */
class People {
  readonly #server: EchoServer;
  readonly #narrator: Narrator;
  readonly #people = new Map<string, Person>();

  constructor(server: EchoServer, narrator: Narrator) {
    this.#server = server;
    this.#narrator = narrator;
  }

  /** Somebody connects. */
  async join(name: string): Promise<Person> {
    const person = await Person.connect(name, this.#server, this.#narrator);
    this.#people.set(name, person);
    return person;
  }

  named(name: string): Person {
    const person = this.#people.get(name);
    if (person === undefined) throw new RangeError(`nobody is called ${name}`);
    return person;
  }

  leave(): void {
    for (const { socket } of this.#people.values()) socket.end();
  }
}

/** One client: what it writes and hears is printed. */
class Person {
  readonly name: string;
  readonly socket: Socket;
  readonly id: string;
  readonly #narrator: Narrator;
  #heard = '';

  private constructor(name: string, socket: Socket, id: string, narrator: Narrator) {
    this.name = name;
    this.socket = socket;
    this.id = id;
    this.#narrator = narrator;
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.#heard += text;
    });
    socket.on('error', () => {}); // the server may reset it; the story goes on
  }

  static async connect(name: string, { host, port }: StageServer, narrator: Narrator): Promise<Person> {
    const socket = connect({ host, port, noDelay: true });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const { port: own } = socket.address() as AddressInfo;
    const mine = (): Opened | undefined =>
      opened.findLast(({ remoteAddress }) => remoteAddress?.endsWith(`:${own}`));
    await until(() => mine() !== undefined);
    const id = mine()?.id ?? '';
    narrator.line('server', `opened ${show(id, narrator)} for ${name}`);
    return new Person(name, socket, id, narrator);
  }

  writes(text: string): void {
    this.#narrator.line(this.name, `writes ${JSON.stringify(text)}`);
    this.socket.write(text);
  }

  /** Writes a line, and hears the answer. */
  async says(line: string): Promise<void> {
    this.socket.write(`${line}\n`);
    const answer = await this.hears();
    const shown = line.replace(/[0-9a-f]{12}-\d+/, (id) => show(id, this.#narrator));
    this.#narrator.line(this.name, `${shown.padEnd(40)} -> ${answer}`);
  }

  /** The next line that comes. */
  async hears(): Promise<string> {
    await until(() => this.#heard.includes('\n'));
    const end = this.#heard.indexOf('\n');
    const line = this.#heard.slice(0, end);
    this.#heard = this.#heard.slice(end + 1);
    return line;
  }

  async hearsBytes(count: number): Promise<void> {
    await until(() => this.#heard.length >= count);
    if (/[^z\n]/.test(this.#heard) || this.#heard.length !== count) throw new Error('other bytes came back');
  }

  reports(line: string): void {
    this.#narrator.line(this.name, `hears  ${JSON.stringify(line)}`);
  }

  /** Waits until the server has closed this one, and says why it did. */
  async ends(): Promise<void> {
    const mine = (): Closed | undefined => closed.find(({ id }) => id === this.id);
    await until(() => mine() !== undefined);
    const { reason, error } = mine() ?? {};
    const why = error === undefined ? '' : ` (${error.message})`;
    this.#narrator.line('server', `closed ${show(this.id, this.#narrator)} of ${this.name}: ${reason}${why}`);
  }
}

/** An id with the part that differs from run to run marked. */
function show(id: string, narrator: Narrator): string {
  const [instance = '', number] = id.split('-');
  return `${narrator.volatile(instance)}-${number}`;
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`still not so after 20 s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Resolves when a value has not changed for 50 ms. */
async function settled(value: () => number): Promise<void> {
  let last = Number.NaN;
  let since = performance.now();
  await until(() => {
    if (value() !== last) since = performance.now();
    last = value();
    return performance.now() - since > 50;
  });
}

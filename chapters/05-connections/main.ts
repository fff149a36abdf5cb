import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Narrator, Stage } from '../../scripts/stage-types.ts';
import {
  type Closed,
  type CloseReason,
  DelimiterReader,
  type Opened,
  Pipeline,
  type Received,
} from './index.ts';

/** How many loops share the work, as in the seed. */
const CONSUMERS = 10;

/**
 * The seed's echo server: line by line, ten consumers, everything by id. A line that begins with a slash is a command
 * (`/id`, `/send ID TEXT`, `/close ID`, `/idle MS`, `/status`), so that a person with netcat can try what ids can do.
 */
class EchoServer {
  readonly pipeline = new Pipeline({
    cutting: (onPiece) => new DelimiterReader(onPiece, { maxPieceBytes: 1_000 }),
    sweepIntervalMs: 20,
    queueBytes: 262_144,
    highWaterMark: 16_384,
  });
  readonly host: string;
  /** What happened on the server's side, for the scenario to look at. */
  readonly opened: Opened[] = [];
  readonly closed: Closed[] = [];
  port = 0;
  #rest: Promise<void> = Promise.resolve();

  constructor(host: string) {
    this.host = host;
  }

  // #region start
  async start(port: number): Promise<this> {
    const { pipeline } = this;
    ({ port: this.port } = await pipeline.table.listen({ host: this.host, port }));
    void forEach(pipeline.opened, (event) => this.opened.push(event));
    for (let one = 0; one < CONSUMERS; one += 1) void this.#consume();
    void forEach(pipeline.closed, (event) => this.closed.push(event));
    return this;
  }
  // #endregion start

  /** All consumers stop until this promise is fulfilled. */
  restUntil(end: Promise<void>): void {
    this.#rest = end;
  }

  /** Ends the connections and stops listening. */
  close(): Promise<void> {
    return this.pipeline.shutdown({ deadlineMs: 500 });
  }

  // #region consume
  async #consume(): Promise<void> {
    for await (const piece of this.pipeline.received) {
      await this.#rest;
      const line = piece.bytes.toString();
      const answer = line.startsWith('/') ? this.#obey(piece, line.slice(1).split(' ')) : line;
      this.pipeline.send(piece.id, Buffer.from(`${answer}\n`));
    }
  }
  // #endregion consume

  #obey({ id }: Received, [command, argument = '', ...words]: string[]): string {
    const { table } = this.pipeline;
    const other = table.get(argument);
    switch (command) {
      case 'id':
        return id;
      case 'send':
        return this.pipeline.send(argument, Buffer.from(`${words.join(' ')}\n`))
          ? 'sent'
          : 'that one is gone';
      case 'close':
        other?.end('local');
        return other === undefined ? 'that one is gone' : 'closed';
      case 'idle':
        table.get(id)?.setOptions({
          idleTimeoutMs: Math.min(Math.max(Number.parseInt(argument, 10) || 0, 0), 3_600_000),
        });
        return 'ok';
      case 'status':
        return describeStatus(this.pipeline);
      default:
        return 'commands: /id, /send ID TEXT, /close ID, /idle MS, /status';
    }
  }
}

/** The status of a pipeline as one line for people. */
function describeStatus(pipeline: Pipeline): string {
  const { connections, accepted, closed, bytesIn, bytesOut } = pipeline.status();
  const reasons = Object.entries(closed) as [CloseReason, number][];
  const counted = reasons.filter(([, count]) => count > 0).map(([reason, count]) => `${count} ${reason}`);
  return `${connections} open of ${accepted}, closed: ${counted.join(', ') || 'none'}; ${bytesIn} bytes in, ${bytesOut} out`;
}

/** Calls a function with each event until there are no more. */
async function forEach<T>(events: AsyncIterable<T>, act: (event: T) => void): Promise<void> {
  for await (const event of events) act(event);
}

/** What `npm run chapter 5` runs: the seed's echo server. */
export const stage: Stage = {
  title: 'Many connections',
  serve: ({ host, port }) => new EchoServer(host).start(port),
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
    await until(() => server.closed.length === server.opened.length);
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
  await until(() => pipeline.status().waiting.receivedBytes > 0);
  await settled(() => pipeline.status().bytesIn);
  const { waiting, bytesIn } = pipeline.status();
  const took = narrator.volatile(`${Math.round((bytesIn - before) / 1e3)} kB`);
  const wait = narrator.volatile(`${Math.round(waiting.receivedBytes / 1e3)} kB`);
  narrator.line(
    'server',
    `has taken ${took} of them, ${wait} wait for the consumers, and reads no more of eve`,
  );
  if (waiting.receivedBytes > 262_144 + 65_536) throw new Error(`${waiting.receivedBytes} bytes wait`);
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
  readonly #server: EchoServer;
  readonly #narrator: Narrator;
  #heard = '';

  private constructor(name: string, socket: Socket, id: string, server: EchoServer, narrator: Narrator) {
    this.name = name;
    this.socket = socket;
    this.id = id;
    this.#server = server;
    this.#narrator = narrator;
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.#heard += text;
    });
    socket.on('error', () => {}); // the server may reset it; the story goes on
  }

  static async connect(name: string, server: EchoServer, narrator: Narrator): Promise<Person> {
    const { host, port } = server;
    const socket = connect({ host, port, noDelay: true });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const { port: own } = socket.address() as AddressInfo;
    const mine = (): Opened | undefined =>
      server.opened.findLast(({ remoteAddress }) => remoteAddress?.endsWith(`:${own}`));
    await until(() => mine() !== undefined);
    const id = mine()?.id ?? '';
    narrator.line('server', `opened ${show(id, narrator)} for ${name}`);
    return new Person(name, socket, id, server, narrator);
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
    const mine = (): Closed | undefined => this.#server.closed.find(({ id }) => id === this.id);
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

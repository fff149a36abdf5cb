import { readLimits } from '#framing';
import { createLogEngine, LOG_LIMITS, startLogBroker, type Topic } from '#log/broker';
import { serveEngine } from '#protocol/broker';
import { type Client, type ClientSubscription, connect } from '#protocol/client';
import type { TopicTable } from '#topics';
import type { Narrator, Stage, StageServer } from '../../scripts/stage-types.ts';

const MINUTE = 60_000;
const LAG_LIMIT = 2_000;

/** The broker, and its topics, into which the scenario looks. */
interface Server extends StageServer {
  readonly topics: TopicTable<Topic>;
}

/** What `npm run chapter 6` runs: the broker on one log for each topic. */
export const stage: Stage = {
  title: 'One log, many cursors',
  async serve(options): Promise<Server> {
    const limits = readLimits(LOG_LIMITS, {});
    const engine = createLogEngine(limits);
    return Object.assign(await serveEngine(engine, limits, options), { topics: engine.topics });
  },
  async scenario(server, narrator) {
    const clients: Client[] = [];
    const join = async (name: string): Promise<Client> => {
      const client = await connect({ ...server, name });
      clients.push(client);
      return client;
    };
    try {
      const [pat, ann, ben] = [await join('pat'), await join('ann'), await join('ben')];
      const story = new Story((server as Server).topics, narrator, pat);
      await cursors(story, ann, ben);
      await behind(story, ann, ben);
      await resume(story, ben);
      await window(story, ben);
      await retention(story, ben);
    } finally {
      for (const client of clients) await client.close();
    }
    await tooSlow(narrator);
  },
  talk({ host, port }) {
    const at = `-- --port ${port}${host === '127.0.0.1' ? '' : ` --host ${host}`}`;
    return [
      'in another terminal, the examples of chapter 4; the protocol is the same:',
      `npm run example two-clients ${at}`,
      `npm run example retention ${at}`,
      `npm run example lag ${at}`,
      'npm run bench -- fan-out --servers chapter-4,chapter-6 --quick   what the log gains',
      'DEBUG=leveret:* npm run chapter 6   shows every frame',
    ];
  },
};

/** The topics, whose insides the scenario shows, and the one who publishes. */
class Story {
  readonly narrator: Narrator;
  readonly pat: Client;
  readonly #topics: TopicTable<Topic>;

  constructor(topics: TopicTable<Topic>, narrator: Narrator, pat: Client) {
    this.#topics = topics;
    this.narrator = narrator;
    this.pat = pat;
  }

  topic(name: string): Topic {
    return this.#topics.use(name);
  }

  /** Publish so many messages, `size` bytes each, in frames of at most 100. */
  async publish(topic: string, count: number, size = 0): Promise<void> {
    await publish(this.pat, topic, count, size);
    const what = size === 0 ? `${count} messages` : `${count} messages of ${size} bytes`;
    this.narrator.line('pat', `publishes ${what} to "${topic}"`);
  }

  /** Say what the log holds. */
  log(name: string): void {
    this.narrator.line('log', `"${name}" holds ${this.topic(name).log.bytes} bytes`);
  }

  /** Wait until a log is as it should be. */
  async until(condition: () => boolean): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (!condition()) {
      if (performance.now() > deadline) throw new Error('the log is not as it should be');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** Publish so many messages, `size` bytes each, in frames of at most 100. */
async function publish(client: Client, topic: string, count: number, size = 0): Promise<void> {
  for (let done = 0; done < count; done += 100) {
    const texts = Array.from({ length: Math.min(100, count - done) }, (_, i) => `no. ${done + i + 1}`);
    await client.publishMany(
      topic,
      texts.map((text) => ({ payload: text.padEnd(size, '.') })),
    );
  }
}

/** Take so many messages, and return the ids. */
async function take(subscription: ClientSubscription, count: number): Promise<number[]> {
  const ids: number[] = [];
  while (ids.length < count) {
    const message = await subscription.next();
    if (message === undefined) throw new Error('the subscription ended early');
    ids.push(message.id);
  }
  return ids;
}

async function cursors(story: Story, ann: Client, ben: Client): Promise<void> {
  const { narrator } = story;
  narrator.heading('1. One log, two cursors');
  const hers = await ann.subscribe('news');
  const his = await ben.subscribe('news');
  narrator.line('ann, ben', 'subscribe to "news"');
  await story.publish('news', 3);
  narrator.line('log', `"news" has grown by ${story.topic('news').log.end} bytes`);
  narrator.line('ann', `hears ids ${(await take(hers, 3)).join(' ')}`);
  narrator.line('ben', `hears ids ${(await take(his, 3)).join(' ')}`);
  narrator.note('One frame, written once. Both sockets were given the same bytes of it.');
  await hers.unsubscribe();
  await his.unsubscribe();
}

async function behind(story: Story, ann: Client, ben: Client): Promise<void> {
  const { narrator } = story;
  narrator.heading('2. One stays behind, and holds up nobody');
  const hers = await ann.subscribe('photos');
  const his = await ben.subscribe('photos', { window: 1 });
  narrator.line('ben', 'subscribes with window 1, and does not commit');
  await story.publish('photos', 1_000, 1_000);
  narrator.line(
    'ann',
    `has heard ${(await take(hers, 1_000)).length} messages, ben ${(await take(his, 1)).length}`,
  );
  story.log('photos');
  narrator.note(
    "What ben has not got is in the log, once. Nothing is queued for him; ann's cursor is at the end.",
  );
  for (let id = 1; id < 1_000; id++) {
    his.commit(id);
    await take(his, 1);
  }
  his.commit(1_000);
  narrator.line('ben', 'commits, one after the other, all that he gets');
  await story.until(() => story.topic('photos').log.bytes === 0);
  story.log('photos');
  narrator.note('Nobody stands in the old segments any more: they are gone.');
  await hers.unsubscribe();
  await his.unsubscribe();
}

async function resume(story: Story, ben: Client): Promise<void> {
  const { narrator, pat } = story;
  narrator.heading('3. Resume after an id');
  await pat.createTopic('diary', { retentionMs: MINUTE });
  await story.publish('diary', 100);
  const diary = await ben.subscribe('diary', { from: { after: 97 } });
  narrator.line(
    'ben',
    `subscribes after id 97, in the middle of a frame, and hears ids ${(await take(diary, 3)).join(' ')}`,
  );
  const refused = await ben.subscribe('diary', { from: { after: 200 } }).catch((error: Error) => error);
  narrator.line('ben', `asks for what comes after id 200: ${codeOf(refused)}`);
  await diary.unsubscribe();
}

async function window(story: Story, ben: Client): Promise<void> {
  const { narrator } = story;
  narrator.heading('4. A window that is smaller than a frame');
  const jobs = await ben.subscribe('jobs', { window: 2 });
  await story.publish('jobs', 5);
  for (let left = 5; left > 0; left -= 2) {
    const ids = await take(jobs, Math.min(2, left));
    narrator.line('ben', `hears ids ${ids.join(' ')}, and commits`);
    jobs.commit(ids.at(-1) ?? 0);
  }
  narrator.note('One frame in the log; for ben alone its records are put into smaller frames.');
  await jobs.unsubscribe();
}

async function retention(story: Story, ben: Client): Promise<void> {
  const { narrator, pat } = story;
  narrator.heading('5. Retention, at the topic');
  await pat.createTopic('weather', { retentionMs: 200, dedupeMs: MINUTE });
  await pat.publish('weather', 'rain', { key: 'monday' });
  const again = await pat.publish('weather', 'rain', { key: 'monday' });
  narrator.line(
    'pat',
    `publishes to "weather" twice with one key: the second gets id ${again.id}, which is none`,
  );
  await pat.publish('weather', 'sun', { key: 'tuesday' });
  await story.until(() => story.topic('weather').log.bytes === 0);
  story.log('weather');
  const skipped: string[] = [];
  const weather = await ben.subscribe('weather', {
    from: { after: 0 },
    onSkipped: ({ fromId, toId }) => skipped.push(`${fromId} to ${toId}`),
  });
  await ben.ping();
  narrator.line('ben', `comes after its 200 ms, and is told that ids ${skipped.join()} are skipped`);
  await weather.unsubscribe();
}

async function tooSlow(narrator: Narrator): Promise<void> {
  narrator.heading('6. Too slow');
  // A broker of its own, with a small limit; the one that stays up has its defaults.
  const server = await startLogBroker({ maxLagMessages: LAG_LIMIT });
  const [pat, ben] = [await connect({ ...server, name: 'pat' }), await connect({ ...server, name: 'ben' })];
  try {
    await pat.createTopic('ticks', { retentionMs: MINUTE });
    const ticks = await ben.subscribe('ticks', { window: 1 });
    narrator.line('ben', `sleeps; another broker lets a subscriber lag ${LAG_LIMIT} messages`);
    await publish(pat, 'ticks', 3_000);
    narrator.line('pat', 'publishes 3000 messages to "ticks"');
    const [id = 0] = await take(ticks, 1);
    const ended = await ticks.next().catch((error: Error) => error);
    narrator.line('ben', `wakes up, hears id ${id}, and then: ${codeOf(ended)}`);
    const again = await connect({ ...server, name: 'ben' });
    const rest = await again.subscribe('ticks', { from: { after: id } });
    const ids = await take(rest, 2_999);
    narrator.line(
      'ben',
      `comes back, asks for what is after id ${id}, and hears ids ${ids[0]} to ${ids.at(-1)}`,
    );
    narrator.note('He was ended, not waited for. What the topic retains, he gets all the same.');
    await again.close();
  } finally {
    await pat.close();
    await ben.close();
    await server.close();
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : 'no error';
}

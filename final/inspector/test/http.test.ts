import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Start } from '#protocol';
import { until } from '../../../chapters/04-full-protocol/test/conversation-client.ts';
import { askForUpgrade } from '../../broker/test/listeners/http-upgrade.ts';
import { clientFor } from '../../broker/test/start.ts';
import {
  buildInspectorPage,
  type HistoryState,
  type Inspector,
  type InspectorState,
  startInspector,
} from '../index.ts';
import type { FrameState } from '../state.ts';
import { inspectorFor } from './scene.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const timeout = 30_000;
const auth = {
  tokens: [
    { token: 'all' },
    { token: 'watcher', publish: [], subscribe: ['$sys.status', 'public.>'] },
    { token: 'reader', publish: [], subscribe: ['news'] },
  ],
};

/** Asks by node:http, which sends whatever headers it is told to. */
function ask(
  { host, port }: Inspector,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host, port, path, headers, method, agent: false });
    request.on('error', reject);
    request.on('upgrade', ({ headers }, socket) => {
      socket.destroy();
      resolve({ status: 101, headers, body: '' });
    });
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const { statusCode = 0, headers } = response;
        resolve({ status: statusCode, headers, body: Buffer.concat(chunks).toString() });
      });
    });
    request.end();
  });
}

/** Reads the events of a feed until one satisfies. */
async function follow(
  t: TestContext,
  { url }: Inspector,
  query: string,
  token: string,
  satisfies: (name: string, data: string) => boolean,
): Promise<void> {
  const abort = new AbortController();
  t.after(() => abort.abort());
  const response = await fetch(`${url}api/feed?${query}`, {
    signal: abort.signal,
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const [, name = '', data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 2);
      // Leaving the loop ends the request.
      if (satisfies(name, data)) return;
    }
  }
}

test('healthz says ok, and closing when the broker is', { timeout }, async (t) => {
  const { broker, inspector } = await inspectorFor(t, { auth });
  // Whatever it is called by, and without a token: it tells one word.
  const answer = await ask(inspector, '/healthz', { host: 'loadbalancer.example' });
  assert.equal(answer.status, 200, 'a broker that runs is not healthy');
  assert.equal(answer.body, 'ok\n', 'it says more, or less, than one word');
  await broker.close(0);
  assert.equal((await ask(inspector, '/healthz')).status, 503, 'a broker that ends is healthy');
});

test('readyz says whether work should be sent here, and if not, why', { timeout }, async (t) => {
  const { broker, inspector } = await inspectorFor(t, { auth });
  const ready = async (): Promise<readonly [number, unknown]> => {
    const { status, headers, body } = await ask(inspector, '/readyz', { host: 'loadbalancer.example' });
    assert.match(headers['content-type'] ?? '', /^application\/json/, 'it is no JSON');
    return [status, JSON.parse(body)];
  };
  assert.deepEqual(await ready(), [200, { ready: true, reasons: [] }], 'a broker that runs is not ready');
  await broker.close(0);
  assert.deepEqual(
    await ready(),
    [503, { ready: false, reasons: ['shutting down'] }],
    'one that ends is ready',
  );
});

test('a broker that refuses publishes as it holds too much is not ready, and says how much it holds', {
  timeout,
}, async (t) => {
  const { broker, inspector } = await inspectorFor(t, {
    maxTotalRetainedBytes: 1_048_576,
    memoryPolicy: 'refuse',
  });
  const topic = broker.core.topics.use('full');
  topic.create({ retentionMs: 3_600_000, dedupeMs: 0 });
  const record = Buffer.alloc(6 + 100_000);
  record.writeUInt32BE(100_000, 2);
  for (let i = 0; i < 20; i++) topic.publish(record, 0, record.length, 1, false);
  const { status, body } = await ask(inspector, '/readyz');
  assert.equal(status, 503, 'it is ready');
  assert.deepEqual(
    JSON.parse(body).reasons,
    ['publishes are refused: too much is retained'],
    'the reasons that it gives',
  );
  const { totals } = JSON.parse((await ask(inspector, '/api/state')).body);
  assert.equal(totals.memoryState, 'refusing', 'the state');
  assert.equal(totals.maxTotalRetainedBytes, 1_048_576, 'the most that it may hold');
  assert.ok(totals.retainedBytes >= 1_048_576, `what it holds: ${totals.retainedBytes}`);
  topic.clear();
  assert.equal((await ask(inspector, '/readyz')).status, 200, 'it is not ready when there is room again');
});

test('the page comes with headers that keep it to itself', { timeout }, async (t) => {
  const { inspector } = await inspectorFor(t);
  const page = await ask(inspector, '/');
  assert.equal(page.status, 200);
  assert.match(page.headers['content-type'] ?? '', /^text\/html/);
  const policy = String(page.headers['content-security-policy']);
  for (const rule of [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "frame-ancestors 'none'",
  ]) {
    assert.ok(policy.includes(rule), rule);
  }
  assert.doesNotMatch(policy, /unsafe|\*|https?:|data:/);
  assert.equal(page.headers['access-control-allow-origin'], undefined);
  // Everything it loads is served here, and nothing is inline.
  for (const [, path = ''] of page.body.matchAll(/(?:src|href)="([^"#]+)"/g)) {
    const file = await ask(inspector, `/${path}`);
    assert.equal(file.status, 200, path);
    assert.equal(file.headers['x-content-type-options'], 'nosniff');
    const again = await ask(inspector, `/${path}`, { 'if-none-match': String(file.headers.etag) });
    assert.equal(again.status, 304);
    assert.doesNotMatch(file.body, /https?:\/\/(?!www\.w3\.org)[\w.]+\/\S*\.(js|css|woff2?|png)/);
  }
  assert.doesNotMatch(page.body, /<script>|<style|\son\w+=|\sstyle=/);
  for (const path of ['/nothing', '/../package.json', '/%2e%2e/index.ts', '/page.js/']) {
    assert.equal((await ask(inspector, path)).status, 404, path);
  }
  assert.equal((await ask(inspector, '/', {}, 'POST')).status, 405);
});

test('metrics are in the format of Prometheus, and tell what happened', { timeout }, async (t) => {
  const { broker, inspector } = await inspectorFor(t);
  const client = await clientFor(t, broker);
  const topic = 'a "quoted" \\ name\nof two lines';
  client.frames({
    type: 'SUBSCRIBE',
    request: 1,
    topic,
    start: Start.LATEST,
    after: 0,
    window: 1,
    group: '',
  });
  await client.expect({ type: 'OK' });
  const records = [1, 2, 3].map((n) => ({ key: '', payload: Buffer.from(`${n}`) }));
  client.frames({ type: 'PUBLISH', request: 2, topic, records });
  await client.expect({ type: 'PUBLISHED' });
  const { headers, body } = await ask(inspector, '/metrics');
  assert.match(headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
  const samples = parseMetrics(body);
  assert.equal(samples.get('leveret_connections'), 1);
  assert.equal(samples.get('leveret_messages_published_total'), 3);
  assert.equal(samples.get('leveret_topics'), 1);
  assert.equal(samples.get('leveret_subscriptions'), 1);
  assert.equal(samples.get('leveret_connections_closed_total{reason="slow"}'), 0);
  assert.equal(
    samples.get('leveret_subscriber_lag_messages{topic="a \\"quoted\\" \\\\ name\\nof two lines"}'),
    2,
  );
  for (const name of ['leveret_bytes_received_total', 'leveret_bytes_sent_total', 'leveret_log_bytes']) {
    assert.ok((samples.get(name) ?? 0) > 0, name);
  }
  assert.ok(samples.has('process_cpu_seconds_total'), 'processor time is missing');
  assert.ok(samples.has('nodejs_eventloop_lag_seconds'), 'event-loop lag is missing');
});

test('the first scrape, and one right after it, are numbers that can be', { timeout }, async (t) => {
  const { inspector } = await inspectorFor(t);
  for (const which of ['first', 'second']) {
    const samples = parseMetrics((await ask(inspector, '/metrics')).body);
    for (const [name, value] of samples) {
      assert.ok(Number.isFinite(value), `${name} is ${value} at the ${which} scrape`);
      if (!/_lag_.*seconds/.test(name)) continue;
      assert.ok(value >= 0 && value < 60, `${name} is ${value} s at the ${which} scrape`);
    }
  }
});

/** Each line is a comment, or a sample of a metric that was announced. */
function parseMetrics(text: string): Map<string, number> {
  const types = new Map<string, string>();
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    const type = /^# TYPE ([a-z_0-9]+) (counter|gauge|histogram|summary)$/.exec(line);
    if (type !== null) types.set(type[1] ?? '', type[2] ?? '');
    if (line === '' || line.startsWith('#')) continue;
    const sample = /^(([a-z_0-9]+?)(?:_(?:sum|count|bucket))?(?:\{.*\})?) (\S+)$/.exec(line);
    assert.ok(sample !== null, line);
    const [, series = '', name = '', value] = sample;
    assert.ok(types.has(name) || types.has(series.replace(/\{.*/, '')), `${name} was not announced`);
    if (types.get(name) === 'counter') assert.match(name, /_total$/);
    samples.set(series, Number(value));
  }
  return samples;
}

test('state tells topics, segments and cursors', { timeout }, async (t) => {
  const { broker, inspector } = await inspectorFor(t);
  const client = await clientFor(t, broker);
  client.frames({ type: 'CREATE', request: 1, topic: 'kept', retentionMs: 60_000, dedupeMs: 0 });
  await client.expect({ type: 'OK' });
  const subscribe = { type: 'SUBSCRIBE', start: Start.EARLIEST, after: 0, window: 1 } as const;
  client.frames({ ...subscribe, request: 2, topic: 'kept', group: '' });
  await client.expect({ type: 'OK' });
  const records = Array.from({ length: 100 }, () => ({ key: '', payload: Buffer.alloc(100) }));
  client.frames({ type: 'PUBLISH', request: 3, topic: 'kept', records });
  await client.expect({ type: 'PUBLISHED' });
  await client.expect({ type: 'MESSAGES' });
  const { headers, body } = await ask(inspector, '/api/state');
  assert.match(headers['content-type'] ?? '', /^application\/json/);
  const state: InspectorState = JSON.parse(body);
  const topic = state.topics[0];
  assert.equal(topic?.name, 'kept');
  assert.deepEqual([topic?.firstId, topic?.lastId, topic?.readerCount], [1, 100, 1]);
  const held = (topic?.segments ?? []).reduce((sum, { bytes }) => sum + bytes, 0);
  assert.equal(held, topic?.bytes);
  const reader = topic?.readers[0];
  assert.equal(reader?.name, 'test');
  assert.equal(reader?.nextId, 2);
  assert.equal(reader?.unsent, 99, 'sent is 1 of 100');
  assert.equal(reader?.uncommitted, 1);
  assert.ok(
    (reader?.at ?? 0) > 0 && (reader?.at ?? 0) < (topic?.end ?? 0),
    `the cursor is at ${reader?.at} of ${topic?.end}`,
  );
  assert.equal(state.connections[0]?.waiting, 100, '99 are unsent, and 1 is not committed');
  const none: InspectorState = JSON.parse((await ask(inspector, '/api/state?search=nothing')).body);
  assert.equal(none.topics.length, 0);
});

test('when tokens are asked for, one that may see the status is needed', { timeout }, async (t) => {
  const { inspector } = await inspectorFor(t, { auth });
  for (const path of ['/metrics', '/api/state', '/api/feed']) {
    const bare = await ask(inspector, path);
    assert.equal(bare.status, 401, path);
    assert.match(String(bare.headers['www-authenticate']), /^Bearer/);
    assert.equal((await ask(inspector, path, { authorization: 'Bearer wrong' })).status, 401, path);
    assert.equal((await ask(inspector, path, { authorization: 'Basic YWxs' })).status, 401, path);
    assert.equal((await ask(inspector, path, { authorization: 'Bearer reader' })).status, 403, path);
  }
  for (const token of ['all', 'watcher']) {
    const headers = { authorization: `Bearer ${token}` };
    assert.equal((await ask(inspector, '/metrics', headers)).status, 200);
    assert.equal((await ask(inspector, '/api/state', headers)).status, 200);
  }
  // The token travels in a header only: an address is written down in too many places.
  assert.equal((await ask(inspector, '/api/state?token=all')).status, 401);
});

test('frames show what is published only to those who could subscribe', { timeout }, async (t) => {
  const { broker, inspector } = await inspectorFor(t, { auth });
  const client = await clientFor(t, broker, 'all');
  const publish = (topic: string): void => {
    const records = [{ key: '', payload: Buffer.from(`what ${topic} says`) }];
    client.frames({ type: 'PUBLISH', request: 0, topic, records });
  };
  const pulse = setInterval(() => {
    publish('secret');
    publish('public.news');
  }, 50);
  t.after(() => clearInterval(pulse));
  const seen = new Set<string>();
  await follow(t, inspector, 'frames=1', 'watcher', (name, data) => {
    if (name !== 'frames') return false;
    for (const { bytes, hidden } of JSON.parse(data) as FrameState[]) {
      const text = Buffer.from(bytes, 'base64').toString('latin1');
      assert.ok(!text.includes('what secret says'), 'the payload of a topic that may not be read is shown');
      if (text.includes('secret')) seen.add(hidden ? 'hidden' : 'shown');
      if (text.includes('what public.news says')) seen.add('public');
    }
    return seen.size === 2;
  });
  assert.deepEqual([...seen].sort(), ['hidden', 'public']);
});

test('frames show replies and their inboxes to nobody, where no token is asked for either', {
  timeout,
}, async (t) => {
  const { broker, inspector } = await inspectorFor(t);
  const client = await clientFor(t, broker);
  const inbox = '_inbox.whispered';
  const pulse = setInterval(() => {
    client.frames(
      // First, so that the reply of the time before has come.
      { type: 'UNSUBSCRIBE', request: 4, topic: inbox },
      { type: 'SUBSCRIBE', request: 1, topic: inbox, start: 1, after: 0, window: 0, group: '' },
      { type: 'SUBSCRIBE', request: 2, topic: inbox, start: 1, after: 0, window: 0, group: 'g' },
      {
        type: 'PUBLISH',
        request: 3,
        topic: inbox,
        records: [{ key: '1', payload: Buffer.from('the answer') }],
      },
    );
  }, 50);
  t.after(() => clearInterval(pulse));
  const hiddenTypes = new Set<number>();
  const expected = [0x03, 0x04, 0x05, 0x84, 0x85];
  await follow(t, inspector, 'frames=1', '', (name, data) => {
    if (name === 'state') assert.ok(!data.includes('_inbox'), `an inbox is told of in ${data}`);
    if (name !== 'frames') return false;
    for (const frame of JSON.parse(data) as FrameState[]) {
      const bytes = Buffer.from(frame.bytes, 'base64');
      for (const secret of ['whispered', 'the answer']) {
        assert.ok(
          !bytes.includes(secret),
          `"${secret}" is shown in a frame of type 0x${bytes[4]?.toString(16)}`,
        );
      }
      if (frame.hidden === 'inbox') hiddenTypes.add(bytes[4] ?? 0);
    }
    return hiddenTypes.size === expected.length;
  });
  assert.deepEqual(
    [...hiddenTypes].sort((a, b) => a - b),
    expected,
    'the types of frames of which something was hidden',
  );
});

test('a feed begins with the rates from before anybody looked', { timeout }, async (t) => {
  const { broker, inspector } = await inspectorFor(t);
  const client = await clientFor(t, broker);
  const records = Array.from({ length: 50 }, () => ({ key: '', payload: Buffer.from('x') }));
  client.frames({ type: 'PUBLISH', request: 1, topic: 'news', records });
  await client.expect({ type: 'PUBLISHED' });
  let most = 0;
  const deadline = performance.now() + 10_000;
  while (most === 0 && performance.now() < deadline) {
    await follow(t, inspector, 'frames=0', '', (name, data) => {
      assert.equal(name, 'history', 'the feed does not begin with the history');
      const { at, messages, bytes }: HistoryState = JSON.parse(data);
      assert.deepEqual(
        [messages.length, bytes.length],
        [at.length, at.length],
        'the lists are not equally long',
      );
      most = Math.max(0, ...messages);
      return true;
    });
  }
  assert.ok(most > 0, 'what was published before the page was opened is not in its history');
});

test('members of a group are shown with what they subscribe to', { timeout }, async (t) => {
  const { broker, inspector } = await inspectorFor(t);
  for (const request of [1, 2]) {
    const member = await clientFor(t, broker);
    const start = { start: Start.LATEST, after: 0, window: 4, group: 'workers' } as const;
    member.frames({ type: 'SUBSCRIBE', request, topic: 'jobs', ...start });
    await member.expect({ type: 'OK' });
  }
  const { connections, topics }: InspectorState = JSON.parse((await ask(inspector, '/api/state')).body);
  assert.deepEqual(
    connections.map(({ subscriptions }) => subscriptions),
    [1, 1],
    'a member of a group subscribes to nothing',
  );
  assert.equal(topics[0]?.readers[0]?.members, 2, 'the group has other members than these');
});

test('a broker that nobody looks at is not watched', { timeout }, async (t) => {
  const { broker, inspector } = await inspectorFor(t);
  assert.equal(broker.core.watch.on, false);
  await follow(t, inspector, 'frames=1', '', (name) => {
    assert.equal(broker.core.watch.on, true);
    return name === 'state';
  });
  await until(() => !broker.core.watch.on, 'nobody watches any more');
  await follow(t, inspector, 'frames=0', '', (name) => {
    assert.equal(broker.core.watch.on, false);
    return name === 'state';
  });
});

test('a feed for each of so many viewers, and no more', { timeout }, async (t) => {
  const { inspector } = await inspectorFor(t, {}, { maxViewers: 1 });
  await follow(t, inspector, '', '', () => true);
  const abort = new AbortController();
  t.after(() => abort.abort());
  let first = await fetch(`${inspector.url}api/feed`, { signal: abort.signal });
  // The viewer before may not be noticed to have gone yet.
  while (first.status !== 200) first = await fetch(`${inspector.url}api/feed`, { signal: abort.signal });
  assert.equal((await ask(inspector, '/api/feed')).status, 503);
});

test('names that lead here by somebody else’s doing are refused', { timeout }, async (t) => {
  const { inspector } = await inspectorFor(t, {}, { allowedHosts: ['leveret.internal'] });
  const { port } = inspector;
  const good = [
    `localhost:${port}`,
    `127.0.0.1:${port}`,
    `[::1]:${port}`,
    'LOCALHOST',
    'leveret.internal',
    '127.8.8.8',
  ];
  const bad = [
    'rebound.example',
    `rebound.example:${port}`,
    'localhost.example',
    '10.0.0.1',
    'a@localhost',
    'localhost:80:80',
  ];
  for (const host of good) assert.equal((await ask(inspector, '/', { host })).status, 200, host);
  for (const host of bad) {
    const { status } = await ask(inspector, '/api/state', { host });
    assert.equal(status, 421, host);
  }
});

test('pages of other origins get nothing', { timeout }, async (t) => {
  const { inspector } = await inspectorFor(t);
  const own = `http://127.0.0.1:${inspector.port}`;
  for (const path of ['/api/state', '/metrics', '/']) {
    assert.equal((await ask(inspector, path, { origin: own })).status, 200);
    for (const origin of ['http://evil.example', 'null', `http://127.0.0.1:${inspector.port + 1}`]) {
      assert.equal((await ask(inspector, path, { origin })).status, 403, `${path} ${origin}`);
    }
    const crossSite = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' };
    assert.equal((await ask(inspector, path, crossSite)).status, 403);
  }
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
  assert.equal((await ask(inspector, '/', link)).status, 200);
});

test('WebSockets come in from the page, from pages that are allowed, and from programs', {
  timeout,
}, async (t) => {
  const good = 'https://app.example';
  const { inspector } = await inspectorFor(t, { allowedOrigins: [good] });
  const status = async (headers: Record<string, string> = {}, path?: string): Promise<number> =>
    (await askForUpgrade(inspector, headers, path)).status;
  assert.equal(await status(), 101, 'a program is refused');
  assert.equal(
    await status({ host: 'broker.internal' }),
    101,
    'a program that calls it by a name is refused',
  );
  const own = `http://127.0.0.1:${inspector.port}`;
  assert.equal(await status({ origin: own }), 101, 'the page is refused');
  assert.equal(await status({ origin: good }), 101, '--allowed-origins does not hold here');
  assert.equal(await status({ origin: 'http://evil.example' }), 403, 'a page of another origin is let in');
  const rebound = `rebound.example:${inspector.port}`;
  assert.equal(await status({ host: rebound, origin: `http://${rebound}` }), 403, 'a rebound name is let in');
  assert.equal(await status({}, '/elsewhere'), 404, 'there is a WebSocket at any path');
  // What the allowed page may not do is read the rest.
  assert.equal(
    (await ask(inspector, '/api/state', { origin: good })).status,
    403,
    'the state is shown to it',
  );
});

test('an address that others can reach needs tokens', { timeout }, async (t) => {
  const { broker } = await inspectorFor(t);
  await assert.rejects(startInspector(broker, { host: '0.0.0.0', port: 0 }), { code: 'INSECURE' });
  const { broker: allowing } = await inspectorFor(t, { auth: { tokens: [], anonymous: {} } });
  await assert.rejects(
    startInspector(allowing, { host: '0.0.0.0', port: 0 }),
    { code: 'INSECURE' },
    'rules that let everybody do everything guard nothing',
  );
  const open = await startInspector(broker, { host: '0.0.0.0', port: 0, insecure: true });
  t.after(() => open.close());
  assert.match(open.url, /^http:\/\/localhost:/);
  const guarded = await inspectorFor(t, { auth }, { host: '0.0.0.0' });
  assert.equal((await ask(guarded.inspector, '/api/state', { host: '10.1.2.3' })).status, 401);
  assert.equal((await ask(guarded.inspector, '/api/state', { host: 'rebound.example' })).status, 421);
  await assert.rejects(startInspector(broker, { port: open.port, host: '0.0.0.0', insecure: true }), {
    code: 'ADDRESS_IN_USE',
  });
  await assert.rejects(startInspector(broker, { maxViewers: 0 }), RangeError);
});

test('the page can be built for a package', { timeout }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'leveret-page-'));
  t.after(() => rm(folder, { recursive: true }));
  await buildInspectorPage(folder);
  assert.deepEqual((await readdir(folder)).sort(), ['icon.svg', 'index.html', 'page.css', 'page.js']);
});

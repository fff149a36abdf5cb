/** A broker with something to see: for the tests of the page and for its pictures. */
import type { TestContext } from 'node:test';
import { connect, type Message } from '../../client/index.ts';
import { type Broker, type BrokerOptions, createBroker } from '../../index.ts';
import { type Inspector, type InspectorOptions, startInspector } from '../index.ts';

const endings = new WeakMap<TestContext, (() => unknown)[]>();

/** Ends something with the test; what came last goes first, so that nobody sees others end. */
export function endWith(t: TestContext, end: () => unknown): void {
  const known = endings.get(t);
  if (known !== undefined) {
    known.push(end);
    return;
  }
  const all = [end];
  endings.set(t, all);
  t.after(async () => {
    for (const each of all.reverse()) await each();
  });
}

/** A broker and its inspector on free ports, which end with the test. */
export async function inspectorFor(
  t: TestContext,
  options: BrokerOptions = {},
  inspectorOptions: InspectorOptions = {},
): Promise<{ broker: Broker; inspector: Inspector }> {
  const broker = await createBroker({ port: 0, ...options });
  endWith(t, () => broker.close(0));
  const inspector = await startInspector(broker, { port: 0, ...inspectorOptions });
  endWith(t, () => inspector.close());
  return { broker, inspector };
}

/** Clients that publish and read at different paces. Returns a function that ends them. */
export async function playScene({ host, port }: Broker): Promise<() => Promise<void>> {
  const url = `leveret://${host}:${port}`;
  const names = ['till-7', 'ledger', 'dashboard', 'mailer', 'archive', 'search'] as const;
  const clients = await Promise.all(names.map((name) => connect(url, { name })));
  const [till, ledger, dashboard, mailer, archive, search] = clients;
  if (!till || !ledger || !dashboard || !mailer || !archive || !search) throw new Error('six clients');
  await till.createTopic('orders.placed', { retentionMs: 3_600_000 });
  await till.createTopic('orders.paid', { retentionMs: 600_000, dedupeMs: 60_000 });
  await till.createTopic('sensors.hall.temperature', { retentionMs: 12_000 });
  const body = (kind: string, i: number): string =>
    JSON.stringify({ kind, order: 48_200 + i, item: 'carrots, bunch', quantity: 1 + (i % 7), pence: 185 });
  for (let i = 0; i < 6000; i++) till.publish('orders.placed', body('placed', i));
  for (let i = 0; i < 900; i++) till.publish('orders.paid', body('paid', i), { key: `order-${i}` });
  await till.flush();
  const ignore = (): void => {};
  await ledger.subscribe('orders.placed', { from: { after: 5900 }, onMessage: ignore });
  await dashboard.subscribe('orders.*', { from: 'latest', onMessage: ignore });
  await dashboard.subscribe('sensors.hall.temperature', { from: 'latest', onMessage: ignore });
  await mailer.subscribe('orders.paid', { group: 'mailers', window: 16, onMessage: ignore });
  await search.subscribe('heartbeat', { onMessage: ignore });
  let last: Message | undefined;
  const onMessage = (message: Message): void => {
    last = message;
  };
  const slow = await archive.subscribe('orders.placed', { from: { after: 900 }, window: 10, onMessage });
  let i = 6000;
  const work = setInterval(() => {
    for (let n = 0; n < 6 + Math.round(5 * Math.sin(i / 90)); n++)
      till.publish('orders.placed', body('placed', i++));
    if (i % 3 === 0) till.publish('orders.paid', body('paid', i), { key: `order-${i}` });
    till.publish('sensors.hall.temperature', (19 + Math.sin(i / 200) * 3).toFixed(2));
    if (i % 20 < 3) till.publish('heartbeat', `${i}`);
    if (last !== undefined && i % 2 === 0) slow.commit(last);
  }, 50);
  return async () => {
    clearInterval(work);
    await Promise.all(clients.map((client) => client.close({ deadline: 500 })));
  };
}

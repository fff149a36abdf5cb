import { connect } from 'leveret/client';

/** Publishing, with and without a confirmation, as fast as the broker takes it. */
export async function main(url: string, print: (line: string) => void): Promise<void> {
  // #region connect
  await using client = await connect(url, { name: 'alice' });
  client.on('status', ({ status, error }) => print(`${status} ${error?.message ?? ''}`.trim()));
  // #endregion connect

  // #region publish
  await client.createTopic('news', { retentionMs: 60_000, dedupeMs: 10_000 });
  client.publish('news', 'nobody asks what becomes of this one');
  const { id } = await client.publish('news', 'this one is asked for', { confirm: true });
  print(`id ${id}`);
  // #endregion publish

  // #region dedupe
  const options = { key: 'order-17', confirm: true, retry: true } as const;
  const first = await client.publish('news', 'an order', options);
  const second = await client.publish('news', 'an order', options);
  print(`ids ${first.id} and ${second.id}`);
  // #endregion dedupe

  // #region ready
  for (let i = 0; i < 100_000; i++) {
    client.publish('numbers', `number ${i}`);
    if (!client.writable) await client.ready();
  }
  await client.flush();
  // #endregion ready
  print('all published');
}

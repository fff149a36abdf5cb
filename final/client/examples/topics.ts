import { connect } from 'leveret/client';

/** The life of a topic: made, asked about, purged, deleted. */
export async function main(url: string, print: (line: string) => void): Promise<void> {
  await using client = await connect(url);

  // #region topics
  await client.createTopic('orders', { retentionMs: 3_600_000 });
  for (let i = 1; i <= 3; i++) await client.publish('orders', `order ${i}`, { confirm: true });
  await client.purgeTopic('orders', { upTo: 2 });
  const { firstId, lastId, readers } = await client.topicInfo('orders');
  print(`ids ${firstId} to ${lastId}, ${readers} readers`);
  await client.deleteTopic('orders');
  // #endregion topics
}

import { connect } from 'leveret/client';

/** Subscribing: by callback, by iteration, by batches, and sharing the work. */
export async function main(url: string, print: (line: string) => void): Promise<void> {
  await using client = await connect(url);
  await client.createTopic('news', { retentionMs: 60_000 });
  for (const text of ['one', 'two', 'three']) client.publish('news', text);
  await client.flush();

  // #region iterate
  const subscription = await client.subscribe('news', { from: 'earliest', window: 10 });
  for await (const message of subscription) {
    print(`${message.topic} ${message.id}: ${message.text()}`);
    subscription.commit(message);
    if (message.id === 3) break;
  }
  // #endregion iterate

  // #region callback
  await client.subscribe('weather.*', {
    onMessage: (message) => print(`${message.topic} ${message.text()}`),
    onSkipped: ({ topic, reason, fromId, toId }) => print(`${topic} lost ${fromId} to ${toId}: ${reason}`),
  });
  client.publish('weather.oslo', 'snow');
  await client.flush();
  // #endregion callback

  // #region batches
  const numbers = await client.subscribe('numbers');
  for (let i = 1; i <= 1_000; i++) client.publish('numbers', String(i));
  let sum = 0;
  let count = 0;
  for await (const batch of numbers.batches()) {
    for (const message of batch) sum += Number(message.text());
    count += batch.length;
    if (count === 1_000) break;
  }
  print(`sum ${sum}`);
  // #endregion batches

  // #region group
  const jobs = await client.subscribe('jobs', { group: 'workers', window: 1 });
  client.publish('jobs', 'paint the fence');
  for await (const job of jobs) {
    print(`done: ${job.text()}`);
    jobs.commit(job);
    break;
  }
  // #endregion group
}

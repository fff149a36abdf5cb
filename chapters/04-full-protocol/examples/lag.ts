import { connect } from '#protocol/client';
import type { Example } from '../../../scripts/stage-types.ts';

export const example: Example = {
  title: 'Lag: how far behind a slow client is, over all its topics',
  async run({ host, port }, narrator) {
    await using fast = await connect({ host, port, name: 'fast' });
    await using slow = await connect({ host, port, name: 'slow' });
    const topics = ['examples/lag/a', 'examples/lag/b'] as const;
    const [a, b] = [
      await slow.subscribe(topics[0], { window: 2 }),
      await slow.subscribe(topics[1], { window: 2 }),
    ];
    for (const topic of topics) {
      const { count } = await fast.publishMany(
        topic,
        ['1', '2', '3', '4', '5'].map((payload) => ({ payload })),
      );
      narrator.line('fast', `publishes ${count} messages to ${topic}`);
    }
    narrator.line('slow', `lag ${await slow.lag()}: both topics together`);
    for (const subscription of [a, b]) {
      for (let i = 1; i <= 5; i++) {
        const message = await subscription.next();
        message?.commit();
        narrator.line('slow', `commits ${message?.id} of ${message?.topic}: lag ${await slow.lag()}`);
      }
    }
  },
};

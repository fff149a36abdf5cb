import { connect } from '#protocol/client';
import type { Example } from '../../../scripts/stage-types.ts';

const COUNT = 1_000;

export const example: Example = {
  title: 'Batch commit: one COMMIT for many messages',
  async run({ host, port }, narrator) {
    await using writer = await connect({ host, port, name: 'writer' });
    await using reader = await connect({ host, port, name: 'reader' });
    const topic = 'examples/batch-commit';
    const messages = Array.from({ length: COUNT }, (_, i) => ({ payload: `${i}` }));

    for (const window of [1, 10, 100]) {
      const subscription = await reader.subscribe(topic, { window });
      const start = performance.now();
      await writer.publishMany(topic, messages);
      let commits = 0;
      for (let i = 1; i <= COUNT; i++) {
        const message = await subscription.next();
        if (i % window !== 0) continue;
        message?.commit();
        commits += 1;
      }
      const took = narrator.volatile((performance.now() - start).toFixed(0));
      narrator.line('reader', `window ${window}: ${COUNT} messages, ${commits} commits, ${took} ms`);
      await subscription.unsubscribe();
    }
  },
};

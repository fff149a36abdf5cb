import { connect } from '#protocol/client';
import type { Example } from '../../../scripts/stage-types.ts';

export const example: Example = {
  title: 'Retention: who comes late, who comes back, and who comes too late',
  async run({ host, port }, narrator) {
    await using writer = await connect({ host, port, name: 'writer' });
    // A name of its own, so that the example says the same each time it is run against one broker.
    const topic = `examples/retention/${writer.epoch}/${writer.connectionId}`;
    const retentionMs = 1_000;
    await writer.createTopic(topic, { retentionMs });
    for (const payload of ['one', 'two', 'three']) await writer.publish(topic, payload);
    narrator.line('writer', `publishes one, two, three to a topic that keeps for ${retentionMs} ms`);

    await using late = await connect({ host, port, name: 'late' });
    const all = await late.subscribe(topic, { from: 'earliest' });
    for (let i = 0; i < 3; i++) narrator.line('late', `hears "${(await all.next())?.text()}"`);

    await using back = await connect({ host, port, name: 'back' });
    const rest = await back.subscribe(topic, { from: { after: 2 } });
    narrator.line('back', `has ids 1 and 2 already, and hears "${(await rest.next())?.text()}"`);

    await new Promise((resolve) => setTimeout(resolve, retentionMs + 100));
    await using tooLate = await connect({ host, port, name: 'too late' });
    let lost = 'nothing';
    await tooLate.subscribe(topic, {
      from: { after: 0 },
      onSkipped: ({ fromId, toId }) => {
        lost = `ids ${fromId} to ${toId}`;
      },
    });
    // Whatever the broker sends for the subscription comes before the answer to this.
    await tooLate.ping();
    narrator.line('too late', `is told what is gone for good: ${lost}`);
  },
};

import { connect } from '#protocol/client';
import type { Example } from '../../../scripts/stage-types.ts';

export const example: Example = {
  title: 'Dedupe: a publisher that tries again does no harm',
  async run({ host, port }, narrator) {
    await using shop = await connect({ host, port, name: 'shop' });
    await using kitchen = await connect({ host, port, name: 'kitchen' });
    const topic = `examples/dedupe/${shop.epoch}/${shop.connectionId}`;
    await shop.createTopic(topic, { dedupeMs: 60_000 });
    const orders = await kitchen.subscribe(topic);

    for (const [key, text] of [
      ['order-1', 'soup'],
      ['order-1', 'soup'],
      ['order-1', 'soup'],
      ['order-2', 'cake'],
      ['', 'music'],
      ['', 'music'],
    ] as const) {
      await shop.publish(topic, text, { key });
      narrator.line('shop', `publishes ${text}${key === '' ? ', without a key' : ` with the key ${key}`}`);
    }
    for (let i = 0; i < 4; i++) {
      const order = await orders.next();
      narrator.line('kitchen', `hears ${order?.text()}`);
    }
    narrator.note('Only a key makes two messages the same: the music is played twice.');
  },
};

import { connect } from '#protocol/client';
import type { Example } from '../../../scripts/stage-types.ts';

/** After the seed zaichik's first example: a client that sends messages and gets them back. */
export const example: Example = {
  title: 'Echo: one client publishes to itself',
  async run({ host, port }, narrator) {
    await using client = await connect({ host, port, name: 'echo' });
    const subscription = await client.subscribe('examples/echo');
    for (const text of ['hello', 'is anybody there?', 'only me']) {
      narrator.line('echo', `publishes "${text}"`);
      await client.publish('examples/echo', text);
      const message = await subscription.next();
      narrator.line('echo', `hears     "${message?.text()}"`);
    }
  },
};

import { connect } from '#protocol/client';
import type { Example } from '../../../scripts/stage-types.ts';

export const example: Example = {
  title: 'Two clients: many topics on one connection, both ways',
  async run({ host, port }, narrator) {
    await using alice = await connect({ host, port, name: 'alice' });
    await using bob = await connect({ host, port, name: 'bob' });
    const questions = await bob.subscribe('examples/questions');
    const answers = await alice.subscribe('examples/answers');

    const answering = (async () => {
      for await (const question of questions) {
        const text = question.text();
        narrator.line('bob', `hears "${text}"`);
        await bob.publish('examples/answers', `${text.length} letters`);
        if (text === 'good night') break;
      }
    })();

    for (const text of ['how long is this?', 'and this?', 'good night']) {
      narrator.line('alice', `asks "${text}"`);
      await alice.publish('examples/questions', text);
      narrator.line('alice', `hears "${(await answers.next())?.text()}"`);
    }
    await answering;
  },
};

/** The conversations of chapter 4, word for word, with the broker of this chapter. */
import { startLogBroker } from '#log';
import { ProtocolError } from '#protocol';
import { conversationSuite } from '../../04-full-protocol/test/conversation-suite.ts';

conversationSuite(
  'chapter 6',
  ({ token, ...limits }) =>
    startLogBroker({
      ...limits,
      sweepInterval: 20,
      extension: {
        // Tokens come with final; the conversations want one that can be refused.
        admit(hello) {
          if (token !== undefined && hello.token !== token) throw new ProtocolError('DENIED', 'wrong token');
          return undefined;
        },
      },
    }),
  { dedupe: 'topic' },
);

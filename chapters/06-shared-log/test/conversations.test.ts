/** The conversations of chapter 4, word for word, with the broker of this chapter. */
import { startLogBroker } from '#log/broker';
import { conversationSuite } from '../../04-full-protocol/test/conversation-suite.ts';

conversationSuite('chapter 6', startLogBroker);

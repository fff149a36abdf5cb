/** What subscribers get, over sockets. */
import { startBroker } from '#protocol/broker';
import { conversationSuite } from './conversation-suite.ts';

conversationSuite('chapter 4', (options) => startBroker(options), { parts: ['delivery'] });

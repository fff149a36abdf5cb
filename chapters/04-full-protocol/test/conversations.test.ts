/** Golden vectors and topics against the broker. The other parts of the suite: connections.test.ts, delivery.test.ts. */
import { startBroker } from '#protocol/broker';
import { conversationSuite } from './conversation-suite.ts';

conversationSuite('chapter 4', (options) => startBroker(options), {
  parts: ['golden vectors', 'topics'],
});

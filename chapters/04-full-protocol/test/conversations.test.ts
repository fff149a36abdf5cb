/** Every message that a broker is sent and sends: frames, topics, delivery. The life of a connection is in connections.test.ts. */
import { startBroker } from '#protocol/broker';
import { conversationSuite } from './conversation-suite.ts';

conversationSuite('chapter 4', (options) => startBroker(options), {
  parts: ['golden vectors', 'topics', 'delivery'],
});

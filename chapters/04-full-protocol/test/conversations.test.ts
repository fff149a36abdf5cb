import { startBroker } from '#protocol/old';
import { conversationSuite } from './conversation-suite.ts';

conversationSuite('chapter 4', (options) => startBroker(options));

/** The life of a connection, on an engine that the tests bring: these conversations need sessions and requests, and no topics. */
import { conversationSuite } from './conversation-suite.ts';
import { serveStub } from './stub-engine.ts';

conversationSuite('chapter 4, its sessions', (options) => serveStub(options), { parts: ['connections'] });

import {
  conversationSuite,
  type StartOptions,
} from '../../../chapters/04-full-protocol/test/conversation-suite.ts';
import { createBroker } from '../../index.ts';

conversationSuite(
  'final',
  ({ token, ...limits }: StartOptions) =>
    createBroker({
      port: 0,
      sweepIntervalMs: 20,
      ...limits,
      ...(token === undefined ? {} : { auth: { tokens: [{ token }] } }),
    }),
  { level: 'product', features: ['groups', 'patterns', 'topics'] },
);

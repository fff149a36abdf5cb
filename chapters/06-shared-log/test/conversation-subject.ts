import { after } from 'node:test';
import { startLogBroker } from '#log/broker';
import type { Subject } from '../../04-full-protocol/test/conversation-suite.ts';

/** This chapter's broker, for conversations with it. They are in two files, so that each is done in a few seconds. */
export function makeSubject(): Subject {
  const [had, passed] = [
    { core: 0, product: 0 },
    { core: 0, product: 0 },
  ];
  after(() => console.log(`chapter 6: ${passed.core} of ${had.core} conversations passed`));
  return { start: startLogBroker, level: 'core', features: new Set(), had, passed };
}

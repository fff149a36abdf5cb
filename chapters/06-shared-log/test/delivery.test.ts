/** The conversations of chapter 4 about delivery, word for word, with the broker of this chapter. */
import { describe } from 'node:test';
import { deliveryConversations } from '../../04-full-protocol/test/delivery-conversations.ts';
import { makeSubject } from './conversation-subject.ts';

const subject = makeSubject();
describe('chapter 6: delivery', () => deliveryConversations(subject));

/** The conversations of chapter 4, word for word, with the broker of this chapter: all but those of delivery.test.ts. */
import { describe } from 'node:test';
import { connectionConversations } from '../../04-full-protocol/test/connection-conversations.ts';
import { topicConversations } from '../../04-full-protocol/test/topic-conversations.ts';
import { vectorConversations } from '../../04-full-protocol/test/vector-conversations.ts';
import { makeSubject } from './conversation-subject.ts';

const subject = makeSubject();
describe('chapter 6: golden vectors', () => vectorConversations(subject));
describe('chapter 6: connections', () => connectionConversations(subject));
describe('chapter 6: topics', () => topicConversations(subject));

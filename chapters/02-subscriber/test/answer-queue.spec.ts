import * as nodeAssert from 'node:assert';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AnswerQueue } from '#topics';

test('answers go to those who asked, in their order', async () => {
  const answers = new AnswerQueue<string>();
  const asked = [1, 2, 3].map((n) => answers.wait((answer) => `${n}: ${answer}`));
  assert.is(answers.length, 3, 'three wait');
  assert.ok(answers.settle('a'), 'the first');
  assert.ok(answers.refuse(new Error('no')), 'the second');
  assert.ok(answers.settle('c'), 'the third');
  const outcomes = await Promise.allSettled(asked);
  assert.equal(
    outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason.message)),
    ['1: a', 'no', '3: c'],
    'each has its own',
  );
});

test('an answer that nobody waits for is told to the caller', () => {
  const answers = new AnswerQueue<string>();
  assert.not(answers.settle('a'), 'an answer');
  assert.not(answers.refuse(new Error('no')), 'an error');
});

test('who refuses an answer waits on, and hears of the end', async () => {
  const answers = new AnswerQueue<string>();
  const asked = answers.wait((answer) => {
    throw new Error(`not ${answer}`);
  });
  assert.throws(() => answers.settle('a'), 'not a', 'settle throws what was thrown');
  assert.is(answers.length, 1, 'it waits on');
  const later = answers.wait(() => {});
  answers.close(new Error('the end'));
  for (const waiting of [asked, later]) {
    await nodeAssert.rejects(waiting, /the end/, 'one was left waiting');
  }
});

test.run();

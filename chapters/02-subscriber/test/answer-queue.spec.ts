import * as nodeAssert from 'node:assert';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AnswerQueue } from '#topics';
import { soon } from './support.ts';

test('answers go to those who asked, in their order', async () => {
  const answers = new AnswerQueue<string>();
  const asked = [1, 2, 3].map((n) => answers.wait((answer) => `${n}: ${answer}`));
  assert.is(answers.length, 3, 'three wait');
  const settled = [answers.settle('a'), answers.refuse(new Error('no')), answers.settle('c')];
  assert.equal(settled, [true, true, true], 'somebody waited for each of the three');
  const outcomes = await soon(Promise.allSettled(asked), 'three answers');
  assert.equal(
    outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason.message)),
    ['1: a', 'no', '3: c'],
    'each has its own',
  );
});

test('an answer that nobody waits for is told to the caller', () => {
  const answers = new AnswerQueue<string>();
  assert.is(answers.settle('a'), false, 'an answer');
  assert.is(answers.refuse(new Error('no')), false, 'an error');
  assert.is(answers.length, 0, 'nobody waits');
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
    await nodeAssert.rejects(soon(waiting, 'the end'), /the end/, 'one was left waiting');
  }
});

test.run();

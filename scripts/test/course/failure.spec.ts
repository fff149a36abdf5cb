import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readFailure } from '../../course/failure.ts';
import { REPORT_MARK } from '../../course/grade-reporter.ts';

const failures = suite('failures of a check');
const ROOT = '/project/';
const FILE = `${ROOT}chapters/02-x/test/queue.spec.ts`;

const UVU = ` ✘   (0 / 1)

   FAIL  "shift gives what came first"
    the third item  (is)

        ++3    (Expected)
        --9    (Actual)

    at assert (file:///project/node_modules/uvu/assert/index.mjs:33:8)
    at Object.handler (/project/chapters/02-x/test/queue.spec.ts:5:10)

  Total:     1
`;

failures('of uvu: the test, the words, two values in rows with the difference marked', () => {
  const failure = readFailure(FILE, { stdout: UVU, stderr: '' }, ROOT);
  assert.is(failure.test, 'shift gives what came first', 'the title');
  assert.is(failure.message, 'the third item', 'the words');
  assert.equal(failure.rows, ['expected  3', 'came      9'], 'the values');
  assert.equal(failure.places, [], 'no place of the test itself');
});

failures('of node:test: what the code threw comes with the place in the reader’s files', () => {
  const stack =
    'TypeError: no\n    at Queue.shift (file:///project/my/02-x/queue.ts:31:5)\n    at run (node:internal:1:1)';
  const report = { test: 'a test', message: 'no', stack, isAssertion: false };
  const stdout = `TAP\n${REPORT_MARK}${JSON.stringify(report)}\n`;
  const failure = readFailure(FILE, { stdout, stderr: '' }, ROOT);
  assert.is(failure.message, 'your code threw: no', 'says whose it is');
  assert.equal(failure.places, ['my/02-x/queue.ts:31:5'], 'and where');
});

failures('what a server of the reader’s threw and logged comes with the assertion', () => {
  const report = {
    test: 'a test',
    message: 'an answer',
    expected: '1',
    actual: '2',
    stack: '',
    isAssertion: true,
  };
  const stdout = `${REPORT_MARK}${JSON.stringify(report)}\n`;
  const stderr =
    'TypeError: undefined is not a function\n    at push (file:///project/my/02-x/topic.ts:7:9)\n';
  const failure = readFailure(FILE, { stdout, stderr }, ROOT);
  assert.match(
    failure.rows.join('\n'),
    'before that, your code threw: TypeError: undefined is not a function',
  );
  assert.equal(failure.places, ['my/02-x/topic.ts:7:9'], 'the place of what was thrown');
});

failures('of an error that was logged with its cause, the cause is told: that is what was thrown', () => {
  const report = { test: 'a test', message: 'an answer', stack: '', isAssertion: true };
  const stdout = `${REPORT_MARK}${JSON.stringify(report)}\n`;
  const stderr = [
    'LeveretError: a fault of the program: TypeError: frame.lenght is not a function',
    '    at toLeveretError (/project/my/01-x/errors.ts:46:10)',
    '    at /project/my/01-x/server.ts:94:20 {',
    "  code: 'INTERNAL',",
    '  [cause]: TypeError: frame.lenght is not a function',
    '      at echo (/project/my/01-x/echo-server.ts:40:18)',
    '}',
    '',
  ].join('\n');
  const failure = readFailure(FILE, { stdout, stderr }, ROOT);
  assert.match(
    failure.rows.join('\n'),
    'before that, your code threw: TypeError: frame.lenght is not a function',
    'what was thrown',
  );
  assert.equal(failure.places, ['my/01-x/echo-server.ts:40:18'], 'where it was thrown');
});

failures('a step that is not written is known wherever its words turn up', () => {
  const stderr = 'Error: step 2.3 is not written yet\n    at create (file:///project/my/02-x/topic.ts:7:9)\n';
  assert.is(readFailure(FILE, { stdout: '', stderr }, ROOT).notWritten, '2.3', 'the step');
});

failures('a process that was ended says after how long, and at which test', () => {
  const stderr = 'queue.spec.ts was not done after 10 s and was ended; the test that began last: "pushes"\n';
  const failure = readFailure(FILE, { stdout: '', stderr }, ROOT);
  assert.is(failure.test, 'pushes', 'the test');
  assert.match(
    failure.message,
    'not done after 10 s: an endless loop, or something awaited that never comes',
  );
});

failures.run();

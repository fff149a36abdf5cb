import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testAge, testParts, testReading } from './log-suite.ts';
import { appendFrame, NAIVE, records } from './support.ts';

testReading(NAIVE);
testParts(NAIVE);
testAge(NAIVE);

test('naive log: the source may be written over as soon as append has returned', () => {
  const { log, read } = NAIVE.make();
  const source = Buffer.concat([Buffer.alloc(3, 0xff), records('a', 'b')]);
  log.append(source, 3, source.length, 2, 1);
  source.fill(0);
  log.seal();
  const frame = read(1).read();
  assert.is(frame?.subarray(-14).toString('hex'), '000000000001610000000000' + '0162', 'the records');
});

test('naive log: what a reader was handed is its own', () => {
  const { log, read } = NAIVE.make();
  appendFrame(log, 1, 'a');
  const [first, second] = [read(1).read(), read(1).read()];
  first?.fill(0);
  assert.is(second?.at(-1), 'a'.charCodeAt(0), 'the other reader has it still');
});

test.run();

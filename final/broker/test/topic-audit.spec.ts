import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TopicAudit } from '../topic-audit.ts';

function begin() {
  const lines: object[] = [];
  let details = 0;
  const logger = {
    info: (facts: object, message: string) => void lines.push({ ...facts, message }),
    debug: () => void details++,
  };
  return { audit: new TopicAudit(logger as never), lines, details: () => details };
}

test('a flood of one client is ten lines, and one that says who it was and how many there were', () => {
  const { audit, lines, details } = begin();
  const flooder = { number: 1, name: 'flooder' };
  for (let i = 0; i < 1_000; i++) audit.tell(flooder, 'topic purged', { topic: `t.${i}` });
  audit.tell(flooder, 'topic deleted', { topic: 't' });
  audit.tell({ number: 2, name: 'other' }, 'topic deleted', { topic: 'u' });
  assert.is(lines.length, 11, 'ten lines of the flood, and the one of somebody else');
  assert.equal(
    lines[0],
    { connection: 1, client: 'flooder', topic: 't.0', message: 'topic purged' },
    'first',
  );
  assert.equal(lines[10], { connection: 2, client: 'other', topic: 'u', message: 'topic deleted' }, 'other');
  assert.is(details(), 991, 'each that was left out is there for who looks closely');
  lines.length = 0;
  audit.close();
  const leftOut = { 'topic purged': 990, 'topic deleted': 1 };
  assert.equal(lines, [{ connection: 1, client: 'flooder', leftOut, message: 'more topics changed' }]);
});

test('a flood over very many connections is bounded too', () => {
  const { audit, lines } = begin();
  for (let number = 1; number <= 10_000; number++) {
    audit.tell({ number, name: 'storm' }, 'topic deleted', { topic: 't' });
  }
  assert.is(lines.length, 20, 'ten connections with a line of their own, ten lines of the others');
  lines.length = 0;
  audit.close();
  assert.equal(lines, [{ leftOut: { 'topic deleted': 9_980 }, message: 'more topics changed' }]);
});

test.run();

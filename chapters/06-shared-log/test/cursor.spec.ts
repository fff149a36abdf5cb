import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Cursor } from '#log';
import { append, decode, lines, makeLog } from './support.ts';

/** Read all that there is from where the cursor stands, as a subscription without a window does. */
function readAll(cursor: Cursor): string[] {
  const found: string[] = [];
  for (let segment = cursor.readable(); segment !== undefined; segment = cursor.readable()) {
    found.push(...lines(decode(segment.slice(cursor.position))));
    cursor.position = segment.sealed;
    cursor.nextId = segment.lastId + 1;
  }
  return found;
}

test('at the end there is nothing to read until something is sealed', () => {
  const log = makeLog();
  const cursor = new Cursor(log, 1);
  assert.is(cursor.readable(), undefined);
  append(log, 1, 'a');
  assert.is(cursor.readable(), undefined, 'never into the open frame');
  log.seal();
  assert.is(cursor.lag, 1);
  assert.equal(readAll(cursor), ['1-1 a']);
  assert.is(cursor.lag, 0);
  assert.is(cursor.lagBytes, 0);
});

test('it goes on from segment to segment, by itself', () => {
  const log = makeLog();
  const cursor = new Cursor(log, 1);
  const early = cursor.segment;
  for (let i = 1; i <= 100; i++) {
    append(log, i, `${i}`.padEnd(300, '.'));
    log.seal();
  }
  assert.ok(log.head !== log.tail);
  assert.is(cursor.lagBytes, log.end);
  const found = readAll(cursor);
  assert.equal(
    found.map((line) => Number.parseInt(line, 10)),
    Array.from({ length: 100 }, (_, i) => i + 1),
  );
  assert.is(early?.readers, 0, 'it has left where it stood');
  assert.is(log.tail?.readers, 1);
});

test('several cursors do not know of one another', () => {
  const log = makeLog();
  const cursors = [new Cursor(log, 1), new Cursor(log, 1)] as const;
  append(log, 1, 'a');
  log.seal();
  assert.equal(readAll(cursors[0]), ['1-1 a']);
  append(log, 2, 'b');
  log.seal();
  assert.equal(readAll(cursors[0]), ['2-2 b']);
  assert.equal(readAll(cursors[1]), ['1-1 a', '2-2 b']);
});

test('moved into the middle of a frame it knows which record is next', () => {
  const log = makeLog();
  append(log, 1, 'a', 'b', 'c', 'd');
  log.seal();
  const cursor = new Cursor(log, 1);
  assert.is(cursor.recordAt, 0);
  cursor.moveTo(3);
  const { segment, recordAt } = cursor;
  assert.ok(segment !== undefined && recordAt > 0);
  assert.is(segment.bytes.toString('latin1', recordAt + 6, recordAt + 7), 'c');
  cursor.moveTo(1);
  assert.is(cursor.recordAt, 0);
  cursor.moveTo(5);
  assert.is(cursor.position, segment.sealed);
});

test('what is unread is never collected, even if it stood in an empty log', () => {
  const log = makeLog();
  const cursor = new Cursor(log, 1);
  for (let i = 1; i <= 100; i++) {
    append(log, i, 'x'.repeat(300));
    log.seal();
    log.collect();
  }
  assert.is(readAll(cursor).length, 100);
});

test('left, it holds nothing and reads nothing', () => {
  const log = makeLog();
  const cursor = new Cursor(log, 1);
  append(log, 1, 'a');
  log.seal();
  cursor.leave();
  assert.is(log.head?.readers, 0);
  assert.is(cursor.readable(), undefined);
  cursor.leave();
  assert.is(log.head?.readers, 0);
});

test('each segment knows how many stand in it, whatever they do', () => {
  const step = fc.oneof(
    fc.record({ what: fc.constantFrom('append', 'move', 'read', 'leave', 'join'), n: fc.nat({ max: 99 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const log = makeLog();
      const cursors: Cursor[] = [];
      const all = new Set([log.last()]);
      for (const { what, n } of steps) {
        const cursor = cursors[n % (cursors.length || 1)];
        if (what === 'append') {
          append(log, 1, 'x'.repeat(n * 40));
          log.seal();
        } else if (what === 'join')
          cursors.push(new Cursor(log, log.firstId + (n % (log.sealedId - log.firstId + 2))));
        else if (cursor === undefined) continue;
        else if (what === 'move') cursor.moveTo(log.firstId + (n % (log.sealedId - log.firstId + 2)));
        else if (what === 'read') readAll(cursor);
        else {
          cursor.leave();
          cursors.splice(cursors.indexOf(cursor), 1);
        }
        for (let segment = log.head; segment !== undefined; segment = segment.next) all.add(segment);
        for (const segment of all) {
          assert.is(segment.readers, cursors.filter((each) => each.segment === segment).length);
        }
      }
    }),
    { numRuns: 200 },
  );
});

test.run();

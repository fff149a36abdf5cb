/** Random commands on the log of segments and on the naive one: every reader must be handed the same by both. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Cursor } from '#log';
import { NaiveCursor, NaiveLog } from '#log/naive';
import { append, makeLog, messages, readAll, type Text } from './support.ts';

/** Runs for each property; more of them find rarer faults: LEVERET_MODEL_RUNS=100000. */
const RUNS = Number(process.env.LEVERET_MODEL_RUNS ?? 1_000);

const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      sizes: fc.array(fc.constantFrom(0, 1, 30, 500, 3_000), { minLength: 1, maxLength: 8 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'seal' as const,
        'read' as const,
        'join' as const,
        'move' as const,
        'leave' as const,
      ),
      which: fc.nat({ max: 50 }),
      n: fc.nat({ max: 50 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), age: fc.nat({ max: 20 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('roll' as const, 'collect' as const),
      which: fc.constant(0),
      n: fc.constant(0),
    }),
  },
);

test('both logs hand every reader the same', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), fc.boolean(), (commands, retains) => {
      // Memory that is given back is spoilt at once, as if somebody else had filled it.
      const log = makeLog({
        memory: { take: (size) => Buffer.allocUnsafeSlow(size), give: ({ bytes }) => void bytes.fill(0xdd) },
      });
      const naive = new NaiveLog('t');
      const pairs: { cursor: Cursor; naive: NaiveCursor }[] = [];
      let now = 0;
      for (const each of commands) {
        // A frame's age is that of its first record; where a segment is full, one log has two frames where the other has one.
        if (log.lastId === log.sealedId) now += 1;
        if (each.do === 'append') {
          const texts = each.sizes.map((size, i): Text => `m${log.lastId}.${i}`.padEnd(size, '.'));
          assert.is(append(log, now, ...texts), append(naive, now, ...texts), 'the first id');
        } else if (each.do === 'wait') {
          sealBoth();
          now += each.age;
          // A topic retains by age, or lets go of what was read.
          if (!retains) continue;
          log.expire(now - 15);
          naive.expire(now - 15);
          assert.is(log.firstId, naive.firstId, 'the oldest id that is kept');
        } else if (each.do === 'roll') log.roll();
        else if (each.do === 'collect') {
          if (!retains) log.collect();
        } else if (each.do === 'seal') {
          sealBoth();
        } else if (each.do === 'join') {
          const id = anyId(each.n);
          pairs.push({ cursor: new Cursor(log, id), naive: new NaiveCursor(naive, id) });
        } else act(each.do, each.which, each.n);
        // A segment that is full has sealed by itself.
        if (log.sealedId !== naive.sealedId) sealBoth();
        assert.is(log.lastId, naive.lastId, 'the last id');
        assert.is(log.sealedId, naive.sealedId, 'the last id that is sealed');
        checkReaders();
      }
      sealBoth();
      for (const pair of pairs) same(pair.cursor, pair.naive);

      function sealBoth(): void {
        log.seal();
        naive.seal();
      }
      function anyId(n: number): number {
        return log.firstId + (n % (log.sealedId - log.firstId + 2));
      }
      function act(what: 'read' | 'move' | 'leave', which: number, n: number): void {
        const pair = pairs[which % (pairs.length || 1)];
        if (pair === undefined) return;
        if (what === 'read') same(pair.cursor, pair.naive, n === 0 ? undefined : n);
        else if (what === 'leave') {
          pair.cursor.leave();
          pairs.splice(pairs.indexOf(pair), 1);
        } else {
          const id = anyId(n);
          pair.cursor.moveTo(id);
          pair.naive.moveTo(id);
        }
      }
      function checkReaders(): void {
        let counted = 0;
        for (let segment = log.head; ; segment = segment.next) {
          const standing = pairs.filter(({ cursor }) => cursor.segment === segment).length;
          assert.is(segment.readers, standing, 'how many stand in a segment');
          counted += standing;
          if (segment.next === undefined) break;
        }
        if (!retains) assert.is(counted, pairs.length, 'a segment with readers was let go');
      }
    }),
    { numRuns: RUNS },
  );
});

function same(cursor: Cursor, naive: NaiveCursor, limit?: number): void {
  assert.equal(messages(readAll(cursor, limit)), messages(readAll(naive, limit)), 'what a reader is handed');
  assert.is(cursor.nextId, naive.nextId, 'where it stands then');
}

test.run();

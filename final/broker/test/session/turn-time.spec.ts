import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TURN_MS, TurnTime } from '../../session/turn-time.ts';

/** Work of so many requests that take a millisecond each, on a clock that only they move. */
function workers(turn: TurnTime, time: { now: number }, names: Record<string, number>) {
  const done: string[] = [];
  for (const [name, count] of Object.entries(names)) {
    let left = count;
    turn.later({
      run() {
        do {
          const began = turn.begin();
          time.now += 1;
          done.push(name);
          left--;
          turn.end(began);
        } while (left > 0 && !turn.spent);
        return left > 0;
      },
    });
  }
  return done;
}

test('what is spent in a turn is spent for all, and the next turn begins anew', async () => {
  const time = { now: 0 };
  const turn = new TurnTime(() => time.now);
  const began = turn.begin();
  time.now += TURN_MS - 1;
  assert.not(turn.end(began), 'there is some left');
  const again = turn.begin();
  time.now += 1;
  assert.ok(turn.end(again), 'nothing is left');
  assert.ok(turn.spent, 'it is forgotten at once');
  await nextTurn();
  assert.not(turn.spent, 'it is never given back');
});

test('a turn goes on with those that wait for its time at most, and each has its share', async () => {
  const time = { now: 0 };
  const turn = new TurnTime(() => time.now);
  const done = workers(turn, time, { a: 1_000, b: 1_000 });
  await nextTurn();
  assert.ok(done.length <= TURN_MS + 1, `${done.length} ms of work in one turn`);
  assert.equal(new Set(done), new Set(['a', 'b']), 'one of them had no share');
});

test('one with little to do is done before one that came first with much', async () => {
  const time = { now: 0 };
  const turn = new TurnTime(() => time.now);
  const done = workers(turn, time, { much: 500, little: 2 });
  while (done.length < 502) await nextTurn();
  assert.ok(
    done.lastIndexOf('little') < 20,
    `it waited for ${done.lastIndexOf('little')} requests of another`,
  );
});

test('more that wait than a turn has room for: all have their turn, in order', async () => {
  const time = { now: 0 };
  const turn = new TurnTime(() => time.now);
  const names = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`${i}.`, 3]));
  const done = workers(turn, time, names);
  while (done.length < 150) await nextTurn();
  assert.equal(done.slice(0, 50), Object.keys(names), 'somebody was passed by');
  assert.equal(done.slice(100), Object.keys(names), 'somebody was passed by later');
});

test.run();

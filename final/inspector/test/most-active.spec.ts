import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MostActive } from '../most-active.ts';

interface Thing {
  name: string;
  count: number;
  gone?: boolean;
}

function activeOf(
  things: Map<number, Thing>,
  limit: number,
  budget: number,
): { active: MostActive<Thing>; looked(): number } {
  let looked = 0;
  const active = new MostActive<Thing>({
    source: () => things.values(),
    fits: (thing) => thing.gone !== true,
    count: (thing) => {
      looked++;
      return thing.count;
    },
    weight: () => 0,
    limit,
    budget,
  });
  return { active, looked: () => looked };
}

test('the most active of very many are found, and each look is bounded', () => {
  const things = new Map(Array.from({ length: 10_000 }, (_, i) => [i, { name: `t${i}`, count: 0 }]));
  const { active, looked } = activeOf(things, 5, 1000);
  const busy = [17, 4711, 9999];
  for (let round = 1; round <= 40; round++) {
    for (const i of busy) {
      const thing = things.get(i);
      if (thing !== undefined) thing.count += 10 + i;
    }
    const before = looked();
    const seen = active.look(round * 250);
    assert.ok(looked() - before <= 1005, `it looked at ${looked() - before} topics`);
    assert.ok(seen.length <= 5, `it told of ${seen.length}`);
  }
  const names = active
    .look(41 * 250)
    .slice(0, 3)
    .map(({ item }) => item.name);
  assert.equal(names, ['t9999', 't4711', 't17']);
});

test('a rate is what is done in a second', () => {
  const thing = { name: 'a', count: 0 };
  const { active } = activeOf(new Map([[1, thing]]), 5, 10);
  let rate = 0;
  for (let at = 0; at <= 10_000; at += 250) {
    rate = active.look(at)[0]?.rate ?? 0;
    thing.count += 25;
  }
  assert.ok(Math.abs(rate - 100) < 1, `${rate}`);
});

test('what goes is shown no more, and what comes is found', () => {
  const first: Thing = { name: 'first', count: 0 };
  const things = new Map([[1, first]]);
  const { active } = activeOf(things, 5, 10);
  const names = (at: number): string[] => active.look(at).map(({ item }) => item.name);
  assert.equal(names(0), ['first']);
  things.set(2, { name: 'second', count: 0 });
  assert.equal(names(250), ['first', 'second']);
  first.gone = true;
  things.delete(1);
  assert.equal(names(500), ['second']);
});

test.run();

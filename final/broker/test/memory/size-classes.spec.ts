import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SizeClasses } from '../../memory/size-classes.ts';

const thing = (): { heldBytes: number } => ({ heldBytes: 0 });

test('the largest come first, to within a factor of two; what holds nothing does not come', () => {
  const classes = new SizeClasses<{ heldBytes: number }>();
  const sizes = [1, 5_000, 0, 70, 4_096, 1_048_576, 3];
  for (const size of sizes) classes.resize(thing(), size);
  const found = [...classes.largestFirst()].map(({ heldBytes }) => heldBytes);
  assert.is(classes.total, 1_057_746, 'the sum of all sizes');
  assert.is(found.length, 6, 'things that hold something');
  for (const [i, size] of found.entries()) {
    const rest = Math.max(...found.slice(i));
    assert.ok(size * 2 > rest, `${size} came before ${rest}`);
  }
});

test('sizes may change during the walk: what shrinks is met again, what is empty is not', () => {
  const classes = new SizeClasses<{ heldBytes: number }>();
  const [large, small] = [thing(), thing()];
  classes.resize(large, 1_000);
  classes.resize(small, 100);
  const met: number[] = [];
  for (const each of classes.largestFirst()) {
    met.push(each.heldBytes);
    if (each.heldBytes > 10) classes.resize(each, -Math.ceil(each.heldBytes * 0.9));
  }
  assert.equal(met, [1_000, 100, 100, 10, 10], 'in which order');
  for (const each of [large, small]) classes.resize(each, -each.heldBytes);
  assert.equal([...classes.largestFirst()], [], 'things that hold nothing');
  assert.is(classes.total, 0, 'the sum of nothing');
});

test.run();

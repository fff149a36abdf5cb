import * as assert from 'node:assert';
import { test } from 'uvu';
import { formatId, newInstance, parseId } from '#connections';

test('an id survives JSON and leads back to its number', () => {
  const instance = newInstance();
  for (const number of [1, 7, 10_000, Number.MAX_SAFE_INTEGER]) {
    const id = JSON.parse(JSON.stringify({ id: formatId(instance, number) })).id;
    assert.strictEqual(parseId(instance, id), number);
  }
});

test('every table has an instance of its own', () => {
  assert.strictEqual(new Set(Array.from({ length: 1_000 }, newInstance)).size, 1_000);
});

test('an id of another table, or of an earlier life of this one, leads nowhere', () => {
  assert.strictEqual(parseId(newInstance(), formatId(newInstance(), 1)), undefined);
});

test('only the exact text of an id is taken', () => {
  const instance = 'aaaaaaaaaaaa';
  const wrong = ['', '1', instance, `${instance}-`, `${instance}1`, `${instance}_1`, ` ${instance}-1`];
  for (const number of [
    '01',
    '1 ',
    ' 1',
    '+1',
    '0',
    '-5',
    '1.0',
    '1e3',
    '0x1',
    '-1-',
    'NaN',
    'Infinity',
    '9007199254740993',
  ]) {
    wrong.push(`${instance}-${number}`);
  }
  for (const id of wrong) assert.strictEqual(parseId(instance, id), undefined, `accepted '${id}'`);
});

test.run();

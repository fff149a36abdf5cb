/** What holds for both logs, the naive one and the one in segments, in the order in which it is built. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { append, appendFrame, isSame, type LogKind, messages, readAll } from './support.ts';

/** Readers that take all there is. */
export function testReading({ name, make }: LogKind): void {
  test(`${name}: nothing is readable before it is sealed, and then it is one frame`, () => {
    const { log, read } = make();
    const cursor = read(1);
    assert.is(append(log, 1, 'a', 'b'), 1, 'the first id is 1');
    assert.is(append(log, 1, 'c'), 3, 'ids follow on');
    isSame(cursor.read(), undefined, 'the open frame was read');
    assert.is(log.lastId, 3, 'last id');
    assert.is(log.sealedId, 0, 'sealed before the seal');
    log.seal();
    assert.is(log.sealedId, 3, 'sealed id');
    assert.equal(readAll(cursor), ['1-3 a b c'], 'one frame of all that was appended');
    log.seal();
    isSame(cursor.read(), undefined, 'an empty frame was made');
    assert.is(cursor.nextId, 4, 'where the cursor stands');
  });

  test(`${name}: several readers do not know of one another`, () => {
    const { log, read } = make();
    const [early, late] = [read(1), read(1)];
    appendFrame(log, 1, 'a');
    assert.equal(readAll(early), ['1-1 a'], 'the early one');
    appendFrame(log, 2, 'b');
    assert.equal(readAll(early), ['2-2 b'], 'the early one, once more');
    assert.equal(readAll(late), ['1-1 a', '2-2 b'], 'the late one');
  });

  test(`${name}: a reader may begin and be moved before any frame`, () => {
    const { log, read } = make();
    appendFrame(log, 1, 'a', 'b');
    appendFrame(log, 1, 'c', 'd');
    appendFrame(log, 2, 'e', 'f');
    const expected = ['1 a', '2 b', '3 c', '4 d', '5 e', '6 f'];
    const cursor = read(1);
    for (const id of [1, 3, 5, 7, 3, 1]) {
      assert.equal(messages(readAll(read(id))), expected.slice(id - 1), `a new reader at ${id}`);
      cursor.moveTo(id);
      assert.equal(messages(readAll(cursor)), expected.slice(id - 1), `moved to ${id}`);
    }
  });
}

/** Readers that stand inside a frame, or may have only so many records. */
export function testParts({ name, make }: LogKind): void {
  test(`${name}: a reader may begin and be moved anywhere, also into the middle of a frame`, () => {
    const { log, read } = make();
    appendFrame(log, 1, 'a', 'b', 'c', 'd');
    appendFrame(log, 2, 'e', 'f');
    const expected = ['1 a', '2 b', '3 c', '4 d', '5 e', '6 f'];
    const cursor = read(1);
    for (const id of [1, 2, 3, 4, 5, 6, 7, 4, 1]) {
      assert.equal(messages(readAll(read(id))), expected.slice(id - 1), `a new reader at ${id}`);
      cursor.moveTo(id);
      assert.equal(messages(readAll(cursor)), expected.slice(id - 1), `moved to ${id}`);
    }
  });

  for (const limit of [1, 2, 3, 4, 5, 100]) {
    test(`${name}: never more than ${limit} at once, and nothing left out`, () => {
      const { log, read } = make();
      let last = 0;
      for (const size of [1, 4, 2, 9, 1, 1, 3]) {
        appendFrame(log, 1, ...Array.from({ length: size }, () => `${++last}`));
      }
      const cursor = read(1);
      const found: string[] = [];
      for (let bytes = readSome(); bytes.length > 0; bytes = readSome()) found.push(...bytes);
      const expected = Array.from({ length: last }, (_, i) => `${i + 1} ${i + 1}`);
      assert.equal(found, expected, 'in order, each once');
      function readSome(): string[] {
        assert.ok(found.length <= last, 'a cursor hands out what it has handed out before');
        const before = cursor.nextId;
        const bytes = cursor.read(limit);
        const count = cursor.nextId - before;
        assert.ok(count <= limit, `${count} records at once, where ${limit} are the most`);
        return bytes === undefined ? [] : messages(readAll({ nextId: 0, moveTo() {}, read: once(bytes) }));
      }
    });
  }
}

/** What is too old goes. */
export function testAge({ name, make }: LogKind): void {
  test(`${name}: by age, frame by frame; a reader goes on at what is left`, () => {
    const { log, read } = make();
    const [cursor, sleeper] = [read(1), read(1)];
    for (let time = 1; time <= 10; time++) appendFrame(log, time, `${time}a`, `${time}b`);
    log.expire(0);
    assert.is(log.firstId, 1, 'nothing is that old');
    log.expire(3);
    assert.is(log.firstId, 7, 'what is as old as the limit goes');
    log.expire(2);
    assert.is(log.firstId, 7, 'it never goes back');
    assert.is(messages(readAll(cursor))[0], '7 4a', 'the reader goes on at the oldest that is left');
    log.expire(10);
    assert.is(log.firstId, 21, 'all are too old');
    isSame(sleeper.read(), undefined, 'what is gone was read');
    assert.is(sleeper.nextId, 21, 'where one stands that has slept through all of it');
    appendFrame(log, 11, 'new');
    assert.equal(readAll(cursor), ['21-21 new'], 'it goes on');
    assert.equal(readAll(read(log.firstId)), ['21-21 new'], 'one who comes now');
  });
}

function once(bytes: Buffer): () => Buffer | undefined {
  const left = [bytes];
  return () => left.pop();
}

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DedupeWindow } from '#topics';
import { KeyHash } from '../../memory/key-hash.ts';
import { MAX_PAGE_BYTES } from '../../memory/key-page.ts';
import { KeyWindow } from '../../memory/key-window.ts';

const HOUR = 3_600_000;

/** Pages that are in use, in bytes. */
class Pages {
  bytes = 0;

  takePage(size: number): Buffer {
    this.bytes += size;
    return Buffer.alloc(size, 0xee);
  }

  givePage(bytes: Buffer): void {
    this.bytes -= bytes.length;
    bytes.fill(0xdd);
  }
}

function admit(window: KeyWindow, key: string, time: number): boolean {
  const bytes = Buffer.from(`<${key}>`, 'latin1');
  return window.admit(bytes, 1, bytes.length - 1, time);
}

test('it lets through what the window of the course lets through', () => {
  const step = fc.record({
    key: fc.oneof(
      fc.integer({ min: 0, max: 40 }).map((n) => `key ${n}`),
      fc.integer({ min: 0, max: 400 }).map((n) => 'x'.repeat(1 + (n % 100)) + n),
    ),
    later: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 60 })),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), fc.integer({ min: 1, max: 60 }), (steps, maxKeys) => {
      const pages = new Pages();
      const window = new KeyWindow(100, maxKeys, pages);
      const plain = new DedupeWindow(100, maxKeys);
      let time = 0;
      for (const { key, later } of steps) {
        time += later;
        // The plain one forgets all that is too old at once.
        window.expire(time, Number.POSITIVE_INFINITY);
        assert.is(admit(window, key, time), plain.admit(key, time), `${key} at ${time}`);
        assert.is(window.size, plain.size, 'keys that are remembered');
      }
      window.expire(time + 101, Number.POSITIVE_INFINITY);
      assert.is(window.size, 0, 'keys that are too old');
      assert.is(window.heldBytes, 0, 'memory of an empty one');
      assert.is(pages.bytes, 0, 'pages that were not given back');
    }),
  );
});

test('a key that is too old is new, though it is not forgotten yet', () => {
  const window = new KeyWindow(100, 100_000, new Pages());
  for (let i = 0; i < 1_000; i++) admit(window, `${i}`, 0);
  assert.ok(admit(window, '999', 101), 'a key that is too old is a repeat');
  assert.not.ok(admit(window, '999', 201), 'the key that came after it');
  assert.ok(admit(window, '999', 202), 'a key that is too old again');
  for (let i = 0; i < 500; i++) admit(window, 'other', 202);
  assert.is(window.size, 2, 'keys, when enough have come that the old ones are forgotten');
});

test('very many keys: each is found, in memory little larger than they are', () => {
  const pages = new Pages();
  const window = new KeyWindow(HOUR, 200_000, pages);
  const key = (i: number) => `${i}`.padEnd(128, '.');
  for (let i = 0; i < 300_000; i++) assert.ok(admit(window, key(i), i), `key ${i} is new`);
  assert.is(window.size, 200_000, 'keys that are remembered');
  for (let i = 100_000; i < 300_000; i += 7)
    assert.not.ok(admit(window, key(i), 300_000), `key ${i} is known`);
  const each = window.heldBytes / window.size;
  assert.ok(each < 128 + 30, `${each} bytes for each key`);
  assert.ok(window.heldBytes >= pages.bytes, 'what is counted, and what is held');
  for (let i = 0; i < 1_000 && window.size > 1_000; i++) window.forgetPage();
  assert.not.ok(admit(window, key(299_999), 300_000), 'the newest key was forgotten');
  assert.ok(
    window.heldBytes < window.size * 160 + 2 * MAX_PAGE_BYTES,
    `${window.heldBytes} bytes for ${window.size} keys`,
  );
  window.clear();
  assert.is(pages.bytes, 0, 'pages that were not given back');
});

test('keys of all lengths, and times that lie far apart', () => {
  const window = new KeyWindow(0xffff_ffff, 100, new Pages());
  const keys = [1, 3, 4, 5, 255, 65_535, 65_535, 2, 65_535, 1_000].map((length, i) =>
    String.fromCharCode(65 + i).repeat(length),
  );
  for (const [i, key] of keys.entries()) assert.ok(admit(window, key, i * 0x7000_0000), `key ${i} is new`);
  assert.not.ok(admit(window, keys[9] ?? '', 9 * 0x7000_0000), 'the last one is known');
  assert.is(window.size, 3, 'keys within the window');
});

test('the hash depends on every bit of the key, on its length and on the secret', () => {
  const hash = new KeyHash(Buffer.from('0001020304050607', 'hex'));
  const bytes = Buffer.from(Array.from({ length: 64 }, (_, i) => i));
  const seen = new Set<number>();
  for (let length = 0; length <= 64; length++) seen.add(hash.of(bytes, 0, length));
  assert.is(seen.size, 65, 'keys that differ in length alone');
  assert.is(hash.of(bytes, 8, 20), hash.of(Buffer.from(bytes.subarray(8, 20)), 0, 12), 'wherever it lies');
  const other = new KeyHash(Buffer.from('0001020304050608', 'hex'));
  assert.is.not(hash.of(bytes, 0, 8), other.of(bytes, 0, 8), 'with another secret');
  // Keys that differ in one bit spread over all places.
  const places = new Set<number>();
  for (let i = 0; i < 512; i++) {
    bytes.fill(0);
    bytes[i >>> 3] = 1 << (i & 7);
    places.add(hash.of(bytes, 0, 64) & 1023);
  }
  assert.ok(places.size > 350, `512 keys fall into ${places.size} of 1,024 places`);
});

test.run();

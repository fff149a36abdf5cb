import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Outbox } from '../../session/outbox.ts';

/** A connection that notes what is written to it. */
class Wire {
  readonly writes: Uint8Array[] = [];
  room = true;
  queuedBytes = 0;
  bytesOut = 0;
  write(bytes: Uint8Array): boolean {
    this.writes.push(bytes);
    this.bytesOut += bytes.length;
    return this.room;
  }
}

function make(): { wire: Wire; outbox: Outbox; later: Outbox[] } {
  const wire = new Wire();
  const later: Outbox[] = [];
  const host = { flushLater: (each: Outbox) => void later.push(each) };
  const outbox = new Outbox(wire, host, { grew() {} });
  return { wire, outbox, later };
}

const small = (text: string): Buffer => Buffer.from(text);
const large = (fill: number): Buffer => Buffer.alloc(5_000, fill);

test('small frames of one tick leave together, in order', () => {
  const { wire, outbox, later } = make();
  for (const text of ['a', 'b', 'c']) outbox.send(small(text));
  assert.is(wire.writes.length, 0);
  assert.equal(later, [outbox], 'it asked once');
  assert.is(outbox.queuedBytes, 3);
  outbox.flush();
  assert.equal(
    wire.writes.map((bytes) => Buffer.from(bytes).toString()),
    ['abc'],
  );
  outbox.flush();
  assert.is(wire.writes.length, 1);
});

test('a single small frame is not copied, and a large one never', () => {
  const { wire, outbox } = make();
  const [one, two] = [small('a'), large(1)];
  outbox.send(one);
  outbox.flush();
  outbox.send(two);
  assert.is(wire.writes[0], one);
  assert.is(wire.writes[1], two);
});

test('a large frame does not overtake small ones', () => {
  const { wire, outbox } = make();
  outbox.send(small('a'));
  outbox.send(small('b'));
  outbox.send(large(2));
  outbox.send(small('c'));
  outbox.flush();
  assert.equal(
    wire.writes.map((bytes) => bytes.length),
    [2, 5_000, 1],
  );
});

test('it does not collect without end', () => {
  const { wire, outbox } = make();
  for (let i = 0; i < 1_000; i++) outbox.send(Buffer.alloc(1_000));
  assert.ok(wire.writes.length >= 14, `${wire.writes.length} writes`);
  assert.ok(outbox.queuedBytes <= 66_000, `${outbox.queuedBytes} bytes are held`);
});

test('it is full from a write that the connection says so of', () => {
  const { wire, outbox } = make();
  wire.room = false;
  outbox.send(small('a'));
  assert.is(outbox.full, false);
  outbox.flush();
  assert.is(outbox.full, true);
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isPayload, makePayloads, RING } from '../client/payloads.ts';

test('each payload of the ring is known by its place, in every turn of the ring', () => {
  const payloads = makePayloads(64);
  assert.is(payloads.length, RING);
  payloads.forEach((payload, number) => {
    assert.is(payload.length, 64);
    assert.ok(isPayload(payload, number, 64), `${number} is not found in its payload`);
    assert.ok(isPayload(payload, number + 3 * RING, 64), `${number}, three rings later`);
  });
});

test('a message that is lost, doubled, or of another size is seen', () => {
  const payloads = makePayloads(64);
  for (const number of [0, 255, 256, 1023]) {
    const payload = payloads[number]!;
    assert.not.ok(isPayload(payload, number + 1, 64), `${number} passes as the next`);
    assert.not.ok(isPayload(payload, number + RING - 1, 64), `${number} passes as the one before`);
    assert.not.ok(isPayload(payload, number + 256, 64), `${number} passes as one with its low byte`);
    assert.not.ok(isPayload(payload, number, 63), `${number} passes as a shorter payload`);
  }
});

test.run();

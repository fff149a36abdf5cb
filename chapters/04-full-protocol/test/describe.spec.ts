/** Frames in one line for people. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { describeBytes, describeFrame } from '#protocol';
import { frameFromJson, fromHex, vectors } from './golden-vectors.ts';

const lines = suite('frames in one line');

lines('the type, then each field with its name', () => {
  const record = { key: '', payload: Buffer.from('x') };
  const frame = { type: 'PUBLISH', request: 3, topic: 'news', records: [record, record] } as const;
  assert.is(describeFrame(frame), 'PUBLISH request=3 topic="news" records=2', 'records are counted');
  const error = { type: 'ERROR', request: 3, code: 16, reason: 'no name' } as const;
  assert.is(describeFrame(error), 'ERROR request=3 code=BAD_TOPIC reason="no name"', 'a code has its name');
  assert.is(describeFrame({ ...error, code: 999 }).includes('code=999'), true, 'if it has one');
  assert.is(describeFrame({ type: 'PING', bytes: Buffer.from('abc') }), 'PING bytes=0x616263', 'bytes');
  assert.is(describeFrame({ type: 'CLOSE' }), 'CLOSE', 'no field');
});

lines('every frame has one, which never shows a token', () => {
  for (const { frame, hex, name } of vectors) {
    if (frame === undefined) continue;
    const line = describeFrame(frameFromJson(frame));
    assert.match(line, new RegExp(`^${frame.type}`), name);
    assert.not.match(line, /secret|\n/, name);
    assert.ok(line.length < 600, `${name}: ${line}`);
    const bytes = fromHex(hex);
    assert.is(describeBytes(bytes[4] as number, bytes, 5), line, name);
  }
});

lines('a token that is there is shown as three stars', () => {
  const hello = { type: 'HELLO', version: 1, name: 'alice', token: 'carrot' } as const;
  assert.is(describeFrame(hello), 'HELLO version=1 name="alice" token=***', 'with a token');
  assert.is(describeFrame({ ...hello, token: '' }), 'HELLO version=1 name="alice" token=""', 'without');
});

lines('bytes that are no frame have a line too', () => {
  assert.match(describeBytes(0x03, fromHex('00')), /0x3.* 1 bytes.*cannot be read/, 'a cut PUBLISH');
  fc.assert(
    fc.property(fc.nat(0xff), fc.uint8Array({ maxLength: 80 }), (type, bytes) => {
      assert.type(describeBytes(type, bytes), 'string', `type ${type}`);
    }),
    { numRuns: 2_000, seed: 4 },
  );
});

lines.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { clientCodec } from '#protocol';
import { SessionInput, type SessionInputHost } from '../../session/session-input.ts';
import { UnfinishedFrames } from '../../session/unfinished-frames.ts';

const PING = clientCodec.encode({ type: 'PING', bytes: Buffer.from('a') });
const NO_FRAME = Buffer.from([0, 0, 0, 0]);

/** An input, and what came of it. */
function input(): { input: SessionInput; seen: string[] } {
  const seen: string[] = [];
  const host: SessionInputHost = {
    connection: { pause() {}, resume() {} },
    isClosing: false,
    serve(type, bytes, start, end) {
      if (made.pause.on) made.pause.postpone(type, bytes, start, end);
      else seen.push(`type ${type}`);
    },
    fail: (thrown) => void seen.push(`${(thrown as { code?: string }).code}`),
    inputEnded: () => void seen.push('ended'),
  };
  const made = new SessionInput(
    {
      limits: { helloFrameLimit: 4096, helloTimeoutMs: 1, frameTimeoutMs: 1, idleMs: 1 },
      turn: { spent: false, begin: () => 0, end: () => false, later() {} },
      unfinished: new UnfinishedFrames(4096),
      deadlineClock: () => 1,
    },
    host,
  );
  return { input: made, seen };
}

test('a mistake in the stream does not overtake the frames before it that wait', async () => {
  const { input: waits, seen } = input();
  waits.pause.answersBuffered();
  waits.receive(Buffer.concat([PING, PING, NO_FRAME]));
  assert.equal(seen, [], 'something happened while the client has to wait');
  waits.pause.drained();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(
    seen,
    ['type 7', 'type 7', 'BAD_FRAME'],
    'the frames before the mistake were not served first',
  );
});

test('a mistake in the stream of a client that does not wait ends it at once', () => {
  const { input: goes, seen } = input();
  goes.receive(Buffer.concat([PING, NO_FRAME]));
  assert.equal(seen, ['type 7', 'BAD_FRAME'], 'the mistake was not told');
});

test('what has come of a frame counts until it is whole, or nothing more is read', () => {
  const { input: one } = input();
  one.receive(Buffer.from(PING.subarray(0, 5)));
  assert.is(one.unfinishedBytes, 2, 'a frame of two bytes is being put together');
  one.receive(Buffer.from(PING.subarray(5)));
  assert.is(one.unfinishedBytes, 0, 'the frame is whole');
  one.receive(Buffer.from(PING.subarray(0, 5)));
  one.finish();
  assert.is(one.unfinishedBytes, 0, 'nothing more is read');
});

test.run();

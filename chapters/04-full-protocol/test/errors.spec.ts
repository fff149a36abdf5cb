/** Errors that have a number on the wire, and which of them end a connection. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LeveretError } from '#framing';
import { ErrorCode, errorName, isFatal, ProtocolError, toProtocolError } from '#protocol';
import { vectors } from './golden-vectors.ts';

const errors = suite('errors on the wire');

errors('know their number, whether they are fatal, and the request that they answer', () => {
  const error = new ProtocolError('BAD_TOPIC', 'why', { request: 7 });
  assert.equal(
    [error.code, error.wireCode, error.fatal, error.request, error.name, error.message],
    ['BAD_TOPIC', 16, false, 7, 'ProtocolError', 'why'],
    'of a request',
  );
  assert.is(new ProtocolError('BAD_FRAME', 'why').request, 0, 'of no request');
  const cause = new Error('deeper');
  assert.is(new ProtocolError('INTERNAL', 'why', { cause }).cause, cause, 'with its cause');
});

errors('below 16 they end the connection; DENIED only where it is said', () => {
  for (const [name, code] of Object.entries(ErrorCode)) {
    assert.is(isFatal(code), code < 16 && name !== 'DENIED', `${name}, ${code}`);
  }
  assert.ok(new ProtocolError('BAD_FRAME', 'why').fatal, 'a bad frame ends the connection');
  assert.not.ok(new ProtocolError('LIMIT', 'why').fatal, 'a limit does not');
  assert.not.ok(new ProtocolError('DENIED', 'why').fatal, 'no permission for a topic does not');
  assert.ok(new ProtocolError('DENIED', 'why', { fatal: true }).fatal, 'at HELLO it does');
});

errors('a number has its name; one of a later version has none', () => {
  for (const [name, code] of Object.entries(ErrorCode)) assert.is(errorName(code), name, `of ${code}`);
  assert.is(errorName(999), undefined, 'of 999');
});

errors('an error with a number is told as it is', () => {
  const own = new ProtocolError('LIMIT', 'too many', { request: 7 });
  assert.is(toProtocolError(own), own, 'a ProtocolError is told as it is, and not made anew');
  const framing = toProtocolError(new LeveretError('TOO_LARGE', 'too large'));
  assert.equal(
    [framing.code, framing.fatal, framing.message],
    ['TOO_LARGE', true, 'too large'],
    'a LeveretError of a chapter below',
  );
});

errors(
  'anything else is a fault of ours: INTERNAL, with its cause, and not a word of it for the client',
  () => {
    for (const thrown of [
      new TypeError('secret detail'),
      new LeveretError('DISCONNECTED', 'secret detail'),
      new LeveretError('constructor', 'secret detail'),
      'secret detail',
    ]) {
      const told = toProtocolError(thrown);
      assert.equal([told.code, told.wireCode, told.fatal], ['INTERNAL', 12, true], 'fatal, code 12');
      assert.is(told.cause, thrown, 'the cause is kept for the log');
      assert.not.match(told.message, /secret/, 'the client is not told');
    }
  },
);

errors('the field fatal of the vectors agrees with the code', () => {
  for (const { error, fatal, name } of vectors) {
    if (error !== undefined) assert.is(isFatal(ErrorCode[error]), fatal, name);
  }
});

errors.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseAddress } from '../address.ts';
import { nodePlatform } from '../node-platform.ts';
import { explainFailure } from '../transport-errors.ts';

const address = parseAddress('ws://127.0.0.1:8890');

test('a browser does not say why there is no WebSocket: the error tells what is likely', () => {
  const { code, message } = explainFailure(address, new Error(''), false, {});
  assert.is(code, 'REFUSED');
  assert.match(message, /refused this page, or nobody answers/, 'it claims to know that nobody answers');
  assert.match(message, /log.*--allowed-origins/, 'it does not say where to look and what to set');
});

test('where the status is known it is told', () => {
  const { message } = explainFailure(
    address,
    new Error('Unexpected server response: 403'),
    false,
    nodePlatform,
  );
  assert.match(message, /answered 403/, 'the status is left out');
  assert.not.match(message, /nobody answers/, 'it says that nobody answers, though somebody did');
});

test.run();

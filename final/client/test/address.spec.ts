import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseAddress } from '../address.ts';

test('addresses', () => {
  const cases: [string, string, number, string, string | undefined][] = [
    ['leveret://host', 'host', 7410, 'leveret://host:7410', undefined],
    ['leverets://host:1', 'host', 1, 'leverets://host:1', undefined],
    ['leveret://host:80', 'host', 80, 'leveret://host:80', undefined],
    ['leveret://t%40k:en@[::1]:99', '::1', 99, 'leveret://[::1]:99', 't@k:en'],
    ['ws://host', 'host', 80, 'ws://host:80/leveret', undefined],
    ['wss://host/x?y=1', 'host', 443, 'wss://host:443/x?y=1', undefined],
  ];
  for (const [url, host, port, text, token] of cases) {
    const address = parseAddress(url);
    assert.is(address.host, host, url);
    assert.is(address.port, port, url);
    assert.is(address.text, text, url);
    assert.is(address.token, token, url);
  }
});

test.run();

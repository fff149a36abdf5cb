/** docs/protocol.md is true: its example is played to a live broker, and its tables agree with the code. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { BrokerType, brokerCodec, ClientType, ErrorCode, isFatal } from '#protocol';
import { BROKER_LIMITS, startBroker } from '#protocol/broker';
import { RawClient } from './conversation-client.ts';
import { toHex } from './golden-vectors.ts';
import { closing } from './leftovers.ts';

const text = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');

test('the example, byte by byte', { timeout: 20_000 }, async () => {
  const lines = (text.split('## An example')[1] ?? '').split('\n').filter((line) => /^[<>] /.test(line));
  assert.ok(lines.length >= 16, 'the example has lost lines');
  const broker = closing(await startBroker({ epoch: 1 }));
  const client = closing(await RawClient.open(broker));
  for (const line of lines) {
    const hex = line.slice(2).replaceAll(' ', '');
    if (line.startsWith('>')) client.hex(hex);
    else if (hex.includes('....')) await client.expectError('BAD_COMMIT', 0);
    else assert.equal(toHex(brokerCodec.encode(await client.next())), hex, line);
  }
  await client.expectEnd();
  await client.close();
  await broker.close();
});

test('the tables of frames, errors and limits', () => {
  for (const [name, type] of [...Object.entries(ClientType), ...Object.entries(BrokerType)]) {
    const hex = type.toString(16).toUpperCase().padStart(2, '0');
    assert.match(text, new RegExp(`^\\| ${hex} \\| ${name} \\|`, 'm'), `${name} is not in the table`);
  }
  for (const [name, code] of Object.entries(ErrorCode)) {
    const row = new RegExp(`^\\| ${code} \\| ${name} \\| (yes|no|at HELLO) \\|`, 'm').exec(text);
    assert.equal(row?.[1], name === 'DENIED' ? 'at HELLO' : isFatal(code) ? 'yes' : 'no', name);
  }
  for (const [name, { default: value }] of Object.entries(BROKER_LIMITS)) {
    const row = new RegExp(`\\| \`${name}\` \\| ([0-9,]+) \\|`).exec(text);
    assert.equal(row?.[1]?.replaceAll(',', ''), `${value}`, name);
  }
});

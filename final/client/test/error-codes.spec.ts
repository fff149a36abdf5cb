/** Every error of the client is a LeveretError, and its code is known: to the types, and to the guide. */
import { readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LeveretError } from '#framing';
import { ErrorCode } from '#protocol';
import { FakeBroker, welcome } from './fake-broker.ts';

const folder = new URL('../', import.meta.url);
const source = readFileSync(new URL('errors.ts', folder), 'utf8');
/** The client's own, as their types list them. */
const own = Array.from(source.matchAll(/^ {2}readonly ([A-Z_]+): string;$/gm), ([, code = '']) => code);
const guide = readFileSync(new URL('../../docs/client.md', folder), 'utf8');

const test = suite('codes of the client');

test('each code that the sources throw is in the table, and the guide explains each of the table', () => {
  assert.ok(own.length > 10, `errors.ts lists ${own.length} codes`);
  const known = new Set([...own, ...Object.keys(ErrorCode)]);
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.ts'))) {
    const text = readFileSync(new URL(name, folder), 'utf8');
    for (const [, code = ''] of text.matchAll(/new LeveretError\(\s*'([A-Z_]+)'/g)) {
      assert.ok(known.has(code), `${name} throws ${code}, which is in no table`);
    }
  }
  for (const code of own) {
    assert.ok(guide.includes(`\`${code}\``), `docs/client.md says nothing of ${code}`);
  }
});

test('what a program without types gives is refused with a LeveretError and a code', async () => {
  const broker = new FakeBroker(welcome);
  const client = await broker.connect();
  // biome-ignore lint/suspicious/noExplicitAny: the point is what the types forbid
  const untyped = client as any;
  const cases: [string, string, () => unknown][] = [
    ['an object as payload', 'BAD_PAYLOAD', () => untyped.publish('a', { b: 1 })],
    ['no payload', 'BAD_PAYLOAD', () => untyped.publish('a')],
    ['null as payload', 'BAD_PAYLOAD', () => untyped.publish('a', null, { confirm: true })],
    ['a number as payload', 'BAD_PAYLOAD', () => untyped.request('a', 5)],
    ['no topic', 'BAD_TOPIC', () => untyped.publish(undefined, 'x')],
    ['no topic to subscribe to', 'BAD_TOPIC', () => untyped.subscribe()],
    ['a number as key', 'BAD_KEY', () => untyped.publish('a', 'x', { key: 5 })],
    ['a bad window', 'BAD_OPTION', () => untyped.subscribe('a', { window: -1 })],
    ['a bad start', 'BAD_OPTION', () => untyped.subscribe('a', { from: 'first' })],
    ['a bad retention', 'BAD_OPTION', () => untyped.createTopic('a', { retentionMs: '1h' })],
    ['an unknown event', 'BAD_OPTION', () => untyped.on('message', () => {})],
    ['a bad option of connect', 'BAD_OPTION', () => broker.connect({ keepAliveMs: -1 })],
    ['an aborted signal', 'ABORTED', () => client.ping({ signal: AbortSignal.abort() })],
  ];
  for (const [what, code, attempt] of cases) {
    const error = await (async () => attempt())().catch((thrown: unknown) => thrown);
    assert.ok(error instanceof LeveretError, `${what}: no LeveretError but ${String(error)}`);
    assert.is((error as LeveretError).code, code, what);
  }
  await client.close({ deadline: 0 });
});

test.run();

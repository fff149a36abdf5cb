/** Which pages and programs a WebSocket listener lets in, and what it tells of those that it does not. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Broker, createBroker, type Logger } from '../../../index.ts';
import { askForUpgrade } from './http-upgrade.ts';

const TIMEOUT = { timeout: 20_000 };
const GOOD = 'https://good.example';

interface Warning {
  readonly facts: Record<string, unknown>;
  readonly message: string;
}

interface Scene {
  readonly broker: Broker;
  readonly address: { readonly host: string; readonly port: number };
  readonly warnings: Warning[];
}

async function sceneFor(t: TestContext): Promise<Scene> {
  const warnings: Warning[] = [];
  const logger: Logger = {
    debug() {},
    info() {},
    warn: (facts, message) => void warnings.push({ facts: { ...facts }, message }),
    error() {},
  };
  const host = '127.0.0.1';
  const listeners = [{ type: 'ws', host, port: 0 } as const];
  const broker = await createBroker({ port: 0, listeners, allowedOrigins: [GOOD], logger });
  t.after(() => broker.close(0));
  return { broker, address: { host, port: broker.addresses[1]?.port ?? 0 }, warnings };
}

test('a page whose name was made to lead here is no page of this broker', TIMEOUT, async (t) => {
  const { address } = await sceneFor(t);
  const { port } = address;
  for (const host of [
    `rebound.example:${port}`,
    'rebound.example',
    `localhost.rebound.example:${port}`,
    `10.0.0.1:${port}`,
    `127.0.0.1.rebound.example:${port}`,
  ]) {
    const { status } = await askForUpgrade(address, { host, origin: `http://${host}` });
    assert.equal(status, 403, `a page of ${host} was let in`);
  }
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, `127.9.9.9:${port}`]) {
    const { status } = await askForUpgrade(address, { host, origin: `http://${host}` });
    assert.equal(status, 101, `a page of ${host}, which is this machine, was refused`);
  }
});

test('an allowed page, and a program that is no page, may call it by any name', TIMEOUT, async (t) => {
  const { address } = await sceneFor(t);
  const host = 'broker.internal';
  assert.equal((await askForUpgrade(address, { host })).status, 101, 'a program was refused');
  assert.equal(
    (await askForUpgrade(address, { host, origin: GOOD })).status,
    101,
    'an allowed page was refused',
  );
  const { status } = await askForUpgrade(address, { host, origin: `${GOOD}.evil` });
  assert.equal(status, 403, 'a page that is not allowed was let in');
});

test('who is refused is told why, and the log tells it once for very many', TIMEOUT, async (t) => {
  const { address, warnings } = await sceneFor(t);
  const origin = 'http://evil.example';
  for (let i = 0; i < 50; i++) {
    const { status, body } = await askForUpgrade(address, { origin });
    assert.equal(status, 403, 'a page of another origin was let in');
    assert.match(body, /--allowed-origins/, 'the answer does not say what to set');
  }
  assert.equal(warnings.length, 1, `50 refusals made ${warnings.length} lines of the log`);
  const [{ facts, message } = { facts: {}, message: '' }] = warnings;
  assert.equal(facts.origin, origin, 'the warning does not name the origin');
  assert.match(message, /--allowed-origins/, 'the warning does not say what to set');
});

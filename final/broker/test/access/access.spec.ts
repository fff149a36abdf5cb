import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Access } from '../../access/access.ts';
import { readBrokerOptions } from '../../options.ts';

const access = suite('access');

const denied = (error: { code: string; fatal: boolean }): boolean => error.code === 'DENIED' && error.fatal;

access('without rules anybody may do anything but write to the broker’s own topics', () => {
  const grants = new Access().admit('');
  assert.ok(grants.mayPublish('a'), 'may publish to a');
  assert.ok(grants.maySubscribe('$sys.status'), 'may subscribe to $sys.status');
  assert.not.ok(grants.mayPublish('$sys.status'), 'may not publish to $sys.status');
});

access('a token that is not known, or none, is refused', () => {
  const rules = new Access({ tokens: [{ token: 'secret' }] });
  assert.throws(() => rules.admit('secre'), denied);
  assert.throws(() => rules.admit('secret '), denied);
  assert.throws(() => rules.admit(''), denied);
  assert.ok(rules.admit('secret').mayPublish('a'), 'may publish to a');
});

access('lists allow what they name; an empty list allows nothing; no list allows everything', () => {
  const grants = new Access({ tokens: [{ token: 't', publish: ['a.*'], subscribe: [] }] }).admit('t');
  assert.ok(grants.mayPublish('a.b'), 'may publish to a.b');
  assert.not.ok(grants.mayPublish('b'), 'may not publish to b');
  assert.not.ok(grants.maySubscribe('a.b'), 'may not subscribe to a.b');
  assert.ok(grants.mayPublish('_inbox.x'), 'replies are always allowed');
  assert.ok(grants.maySubscribe('_inbox.x'), 'may subscribe to _inbox.x');
});

access('clients without a token get what is said of anonymous ones', () => {
  const rules = new Access({ tokens: [{ token: 't' }], anonymous: { publish: [], subscribe: ['public.>'] } });
  assert.ok(rules.admit('').maySubscribe('public.a'), 'may subscribe to public.a');
  assert.not.ok(rules.admit('').mayPublish('public.a'), 'may not publish to public.a');
  assert.throws(() => rules.admit('wrong'), denied);
});

const options = suite('options');

options('what is left out has a default', () => {
  const { host, port, listeners, auth } = readBrokerOptions({});
  assert.equal(
    { host, port, listeners, auth },
    { host: '127.0.0.1', port: 7410, listeners: [], auth: undefined },
  );
});

const mistakes: readonly [given: unknown, names: string][] = [
  [{ port: 70_000 }, 'port'],
  [{ prot: 1 }, 'prot'],
  [{ slowPolicy: 'wait' }, 'slowPolicy'],
  [{ maxTopics: 1.5 }, 'maxTopics'],
  [{ auth: { tokens: [{ token: '' }] } }, 'auth.tokens.0.token'],
  [{ listeners: [{ type: 'udp', port: 1 }] }, 'listeners.0.type'],
  [{ listeners: [{ type: 'tls', port: 1 }] }, 'tls.cert'],
  ['a text', 'the configuration'],
];
for (const [given, names] of mistakes) {
  options(`${JSON.stringify(given)} is refused, and "${names}" is named`, () => {
    assert.throws(
      () => readBrokerOptions(given),
      (error: { code: string; message: string }) =>
        error.code === 'BAD_CONFIG' && error.message.includes(names),
    );
  });
}

options('all mistakes are told at once', () => {
  assert.throws(
    () => readBrokerOptions({ port: -1, maxTopics: -1 }),
    /port[\s\S]*maxTopics|maxTopics[\s\S]*port/,
  );
});

options('a public address without tokens is refused, on any listener', () => {
  const insecure = (error: { code: string }): boolean => error.code === 'INSECURE';
  assert.throws(() => readBrokerOptions({ host: '0.0.0.0' }), insecure);
  assert.throws(() => readBrokerOptions({ host: '::' }), insecure);
  assert.throws(
    () => readBrokerOptions({ listeners: [{ type: 'ws', host: '192.0.2.1', port: 1 }] }),
    insecure,
  );
  readBrokerOptions({ host: '0.0.0.0', insecure: true });
  readBrokerOptions({ host: '0.0.0.0', auth: { tokens: [{ token: 't' }] } });
});

access.run();
options.run();

import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
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

access('a token that is shown is hashed once, however many are known', () => {
  const tokens = Array.from({ length: 1_000 }, (_, i) => ({ token: `token ${i}` }));
  const rules = new Access({ tokens });
  const { createHash } = crypto;
  let hashes = 0;
  crypto.createHash = (...args) => {
    hashes++;
    return createHash(...args);
  };
  syncBuiltinESMExports();
  try {
    assert.ok(rules.lookUp('token 999'), 'it is known');
    assert.is(rules.lookUp('token'), undefined, 'it is not known');
  } finally {
    crypto.createHash = createHash;
    syncBuiltinESMExports();
  }
  assert.is(hashes, 2, 'one HELLO makes more work the more tokens there are');
});

access('lists allow what they name; an empty list allows nothing; no list allows everything', () => {
  const grants = new Access({ tokens: [{ token: 't', publish: ['a.*'], subscribe: [] }] }).admit('t');
  assert.ok(grants.mayPublish('a.b'), 'may publish to a.b');
  assert.not.ok(grants.mayPublish('b'), 'may not publish to b');
  assert.not.ok(grants.maySubscribe('a.b'), 'may not subscribe to a.b');
  assert.ok(grants.mayPublish('_inbox.x'), 'replies are always allowed');
});

access('managing follows publishing unless a list of its own says otherwise', () => {
  const of = (allowed: { publish?: string[]; manage?: string[] }) =>
    new Access({ tokens: [{ token: 't', ...allowed }] }).admit('t');
  assert.ok(of({}).mayManage('a'), 'without lists everything may be managed');
  assert.ok(of({ publish: ['a'] }).mayManage('a'), 'what may be published to may be managed');
  assert.not.ok(of({ publish: ['a'] }).mayManage('b'), 'what may not be published to may not be managed');
  assert.not.ok(of({ publish: ['a'], manage: [] }).mayManage('a'), 'an empty list of its own allows nothing');
  assert.ok(of({ publish: [], manage: ['a'] }).mayManage('a'), 'a list of its own needs no other');
  assert.not.ok(of({ publish: [], manage: ['a'] }).mayPublish('a'), 'who manages may not publish for that');
});

access('nobody manages what belongs to the broker or to one client, nor reads an inbox by permission', () => {
  for (const grants of [
    new Access().admit(''),
    new Access({ anonymous: { manage: ['$x', '_inbox.x'] } }).admit(''),
  ]) {
    for (const name of ['$x', '$sys.status', '_inbox.x', '_inbox.']) {
      assert.not.ok(grants.mayManage(name), `may not manage ${name}`);
    }
    assert.not.ok(grants.maySubscribe('_inbox.x'), 'an inbox is for its owner, whatever the permissions');
  }
});

access('a pattern is for those who may read something that it can lead to', () => {
  const grants = new Access({ anonymous: { subscribe: ['a.*', '$sys.status'] } }).admit('');
  for (const pattern of ['>', '*.x', 'a.>', 'a.*', '*.*', '$sys.*', '$sys.>']) {
    assert.ok(grants.maySubscribeSome(pattern), `may subscribe to something of ${pattern}`);
  }
  for (const pattern of ['*', 'a.*.*', 'b.>', '$x.>', '$sys.*.*', '_inbox.*', '_inbox.>', '_inbox.a.*']) {
    assert.not.ok(grants.maySubscribeSome(pattern), `may subscribe to nothing of ${pattern}`);
  }
  assert.not.ok(new Access().admit('').maySubscribeSome('_inbox.>'), 'not even who may do anything');
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
  // Rules that let everybody do everything guard nothing.
  for (const anonymous of [{}, { manage: [] }, { publish: ['a', '>'], subscribe: ['>'] }]) {
    for (const tokens of [[], [{ token: 't', publish: [] }]]) {
      const what = `${JSON.stringify(anonymous)} with ${tokens.length} tokens`;
      assert.throws(
        () => readBrokerOptions({ host: '0.0.0.0', auth: { tokens, anonymous } }),
        insecure,
        what,
      );
    }
  }
  readBrokerOptions({ host: '0.0.0.0', auth: { anonymous: { publish: [], subscribe: ['>'] } } });
  readBrokerOptions({ host: '0.0.0.0', insecure: true });
  readBrokerOptions({ host: '0.0.0.0', auth: { tokens: [{ token: 't' }] } });
});

access.run();
options.run();

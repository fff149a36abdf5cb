/**
 * The permissions as a table: who may send what about which topic. The tests hold the broker to it, and docs/security.md
 * shows it.
 */
import type { ClientFrame, ErrorName } from '#protocol';
import type { AccessRules } from '../../access/access.ts';

/** Kinds of clients, by what their token allows them. */
export const KINDS = ['nobody', 'named', 'tree', 'reader', 'manager', 'anonymous', 'everything'] as const;
export type Kind = (typeof KINDS)[number];

/** What the tokens of these kinds allow; each is called as its kind. */
export const AUTH: AccessRules = {
  tokens: [
    { token: 'nobody', publish: [], subscribe: [] },
    { token: 'named', publish: ['shop.orders'], subscribe: ['shop.orders', '$sys.status'] },
    { token: 'tree', publish: ['tree.>'], subscribe: ['tree.>'] },
    { token: 'reader', publish: [], subscribe: ['tree.>'] },
    { token: 'manager', publish: [], subscribe: [], manage: ['tree.>'] },
    { token: 'everything' },
  ],
  anonymous: { publish: [], subscribe: ['public'] },
};

/** What a request is about. Whose an inbox is, changes; the other names mean the same always. */
export const TARGETS = {
  'its own inbox': ['_inbox.1', '_inbox.2', '_inbox.3'],
  'the inbox of another client': ['_inbox.1', '_inbox.2', '_inbox.3'],
  'an inbox that nobody has': ['_inbox.1', '_inbox.2', '_inbox.3'],
  'shop.orders': ['shop.orders'],
  'tree.leaf': ['tree.leaf', 'tree.branch.leaf'],
  secret: ['secret'],
  public: ['public'],
  '$sys.status': ['$sys.status'],
  '$sys.topics': ['$sys.topics'],
  'any other $ name': ['$x', '$sys', '$sys.other', '$'],
  'shop.*': ['shop.*', 'shop.>'],
  'tree.>': ['tree.>', 'tree.*', 'tree.*.leaf'],
  '*.leaf': ['*.leaf'],
  '>': ['>'],
  'secret.*': ['secret.*', 'secret.>'],
  '_inbox.*': ['_inbox.*', '_inbox.>', '_inbox.1.>'],
  '$sys.*': ['$sys.*', '$sys.>'],
  'a $ pattern beside these': ['$x.*', '$sys.*.a'],
} as const satisfies Record<string, readonly string[]>;
export type Target = keyof typeof TARGETS;

/** Requests that ask for a permission, in groups that are answered alike. */
export const REQUESTS = {
  PUBLISH: ['PUBLISH'],
  'CREATE, DELETE, PURGE': ['CREATE', 'DELETE', 'PURGE'],
  INFO: ['INFO'],
  SUBSCRIBE: ['SUBSCRIBE'],
  'SUBSCRIBE in a group': ['SUBSCRIBE'],
} as const satisfies Record<string, readonly ClientFrame['type'][]>;
export type Request = keyof typeof REQUESTS;

/** Allowed; dropped without an error, as nobody would ever read it; or refused, and then nothing changes. */
export type Verdict = 'yes' | 'dropped' | Extract<ErrorName, 'DENIED' | 'BAD_TOPIC' | 'UNSUPPORTED'>;

/** One row: the targets that are judged alike, and who may. */
interface Rule {
  readonly targets: readonly Target[];
  /** These kinds get `yes`, the others DENIED; or one verdict for all kinds. */
  readonly who: readonly Kind[] | Verdict;
}

const INBOXES: Target[] = ['its own inbox', 'the inbox of another client', 'an inbox that nobody has'];
const SYSTEM: Target[] = ['$sys.status', '$sys.topics', 'any other $ name'];
const PATTERNS: Target[] = [
  'shop.*',
  'tree.>',
  '*.leaf',
  '>',
  'secret.*',
  '_inbox.*',
  '$sys.*',
  'a $ pattern beside these',
];
const EACH = 'everything';

/** The table. */
export const PERMISSIONS: Readonly<Record<Request, readonly Rule[]>> = {
  PUBLISH: [
    { targets: ['its own inbox', 'the inbox of another client'], who: 'yes' },
    { targets: ['an inbox that nobody has'], who: 'dropped' },
    { targets: ['shop.orders'], who: ['named', EACH] },
    { targets: ['tree.leaf'], who: ['tree', EACH] },
    { targets: ['secret', 'public'], who: [EACH] },
    { targets: SYSTEM, who: 'DENIED' },
    { targets: PATTERNS, who: 'BAD_TOPIC' },
  ],
  'CREATE, DELETE, PURGE': [
    { targets: [...INBOXES, ...SYSTEM], who: 'DENIED' },
    { targets: ['shop.orders'], who: ['named', EACH] },
    { targets: ['tree.leaf'], who: ['tree', 'manager', EACH] },
    { targets: ['secret', 'public'], who: [EACH] },
    { targets: PATTERNS, who: 'BAD_TOPIC' },
  ],
  INFO: [
    { targets: [...INBOXES, ...SYSTEM], who: 'DENIED' },
    { targets: ['shop.orders'], who: ['named', EACH] },
    { targets: ['tree.leaf'], who: ['tree', 'reader', 'manager', EACH] },
    { targets: ['public'], who: ['anonymous', EACH] },
    { targets: ['secret'], who: [EACH] },
    { targets: PATTERNS, who: 'BAD_TOPIC' },
  ],
  SUBSCRIBE: [
    { targets: ['its own inbox', 'an inbox that nobody has'], who: 'yes' },
    { targets: ['the inbox of another client', 'any other $ name'], who: 'DENIED' },
    { targets: ['shop.orders', '$sys.status'], who: ['named', EACH] },
    { targets: ['tree.leaf'], who: ['tree', 'reader', EACH] },
    { targets: ['public'], who: ['anonymous', EACH] },
    { targets: ['secret', '$sys.topics'], who: [EACH] },
    { targets: ['shop.*', '$sys.*'], who: ['named', EACH] },
    { targets: ['tree.>', '*.leaf'], who: ['tree', 'reader', EACH] },
    { targets: ['>'], who: ['named', 'tree', 'reader', 'anonymous', EACH] },
    { targets: ['secret.*'], who: [EACH] },
    { targets: ['_inbox.*', 'a $ pattern beside these'], who: 'DENIED' },
  ],
  'SUBSCRIBE in a group': [
    { targets: [...INBOXES, 'any other $ name'], who: 'DENIED' },
    { targets: ['shop.orders', '$sys.status'], who: ['named', EACH] },
    { targets: ['tree.leaf'], who: ['tree', 'reader', EACH] },
    { targets: ['public'], who: ['anonymous', EACH] },
    { targets: ['secret', '$sys.topics'], who: [EACH] },
    { targets: PATTERNS, who: 'UNSUPPORTED' },
  ],
};

/** What the table says. */
export function verdictOf(request: Request, target: Target, kind: Kind): Verdict {
  const rule = PERMISSIONS[request].find(({ targets }) => targets.includes(target));
  if (rule === undefined) throw new Error(`the table says nothing of ${request} and ${target}`);
  if (typeof rule.who === 'string') return rule.who;
  return rule.who.includes(kind) ? 'yes' : 'DENIED';
}

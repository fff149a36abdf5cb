// The rules of the house (docs/architecture.md): imports run downward, and from chapter to chapter only through doors.

const { readdirSync } = require('node:fs');
const { imports } = require('./package.json');

const chapters = readdirSync(`${__dirname}/chapters`)
  .filter((name) => /^\d\d-/.test(name))
  .sort();

/** One rule for each chapter: it imports nothing of the chapters above it. */
const downward = chapters.slice(0, -1).map((name, index) => ({
  name: `downward-only-${name.slice(0, 2)}`,
  comment: `Chapter ${Number(name.slice(0, 2))} stands on the chapters below it and knows nothing of those above.`,
  severity: 'error',
  from: { path: `^chapters/${name}/` },
  to: { path: `^chapters/(${chapters.slice(index + 1).join('|')})/` },
}));

/** A pattern for the files of these doors. */
const files = (doors) => {
  const paths = doors.map((door) => imports[door]?.default.slice('./'.length) ?? `no-door-${door}`);
  return `^(${paths.join('|')})$`.replaceAll('.', '\\.');
};
/** A pattern for what stands behind these doors: their folders, where they have some of their own. */
const behind = (doors) => files(doors).replaceAll(/(chapters\/[^/|]+\/[^|)]+\/)index\\\.ts/g, '$1[^/]+');

/** The small servers of the chapters, which are there for the reader alone. */
const SMALL_SERVERS = [
  '#topics/naive',
  '#topics/server',
  '#broadcast/naive',
  '#broadcast/server',
  '#protocol/broker',
  '#protocol/client',
  '#log/naive',
  '#log/broker',
];
/** Tables of what a broker bounds: pure, shown by the heart's door too, so that the next broker can extend them. */
const TABLES_OF_LIMITS = '/broker/limits\\.ts$';
/** Doors whose code runs in browsers too. */
const PURE_DOORS = ['#framing', '#topics', '#broadcast', '#protocol', '#peers/backoff'];

module.exports = {
  forbidden: [
    ...downward,
    {
      name: 'doors-only-between-chapters',
      comment: 'Another chapter is reached by its door ("#framing"), never by a path.',
      severity: 'error',
      from: { path: '^chapters/([^/]+)/', pathNot: '^chapters/[^/]+/test/' },
      to: {
        path: '^chapters/',
        pathNot: '^chapters/$1/',
        dependencyTypesNot: ['aliased-subpath-import'],
      },
    },
    {
      name: 'tests-through-doors',
      comment:
        'Tests reach the code of any chapter, their own too, by its door; only test support and examples are imported by path.',
      severity: 'error',
      from: { path: '^chapters/[^/]+/test/' },
      to: {
        path: '^(chapters|final)/',
        pathNot: '^(chapters/[^/]+|final)/(test|examples|any-language)/',
        dependencyTypesNot: ['aliased-subpath-import'],
      },
    },
    {
      name: 'code-knows-no-tests',
      comment: 'Test support is for tests, checks in any language, scripts and benchmarks.',
      severity: 'error',
      from: { path: '^(chapters|final)/', pathNot: '/(test|any-language)/' },
      to: { path: '^(chapters/[^/]+|final|scripts)/test/' },
    },
    {
      name: 'final-through-doors',
      comment: 'final/ is built on the doors of the chapters.',
      severity: 'error',
      from: { path: '^final/', pathNot: '/test/' },
      to: { path: '^chapters/', dependencyTypesNot: ['aliased-subpath-import'] },
    },
    {
      name: 'final-is-the-roof',
      comment: 'Nothing stands on final/ but scripts, tests and benchmarks.',
      severity: 'error',
      from: { path: '^chapters/', pathNot: '/test/' },
      to: { path: '^final/' },
    },
    {
      name: 'final-has-its-own-broker',
      comment:
        'final/ stands on the hearts of the chapters; their small brokers and clients are for the reader, and nothing of final/ loads them.',
      severity: 'error',
      from: { path: '^final/', pathNot: '/test/' },
      to: { path: behind(SMALL_SERVERS), pathNot: TABLES_OF_LIMITS, reachable: true },
    },
    {
      name: 'pure-doors',
      comment:
        'What browsers run too imports no module of Node, and no package, directly or by what it stands on.',
      severity: 'error',
      from: { path: files(PURE_DOORS) },
      to: { pathNot: '^chapters/', reachable: true },
    },
    {
      name: 'no-scripts-at-run-time',
      comment:
        'The course code runs without the course tools. A stage takes its types from scripts/stage-types.ts.',
      severity: 'error',
      from: { path: '^(chapters|final)/', pathNot: '/test/' },
      to: { path: '^scripts/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'only-stage-types',
      comment: 'Of the scripts, chapters know the types of a stage and of a wrong solution alone.',
      severity: 'error',
      from: { path: '^(chapters|final)/', pathNot: '/test/' },
      to: { path: '^scripts/', pathNot: '^scripts/(stage-types|course/wrong)\\.ts$' },
    },
    {
      name: 'no-cycles',
      comment:
        'Modules that import each other in a circle, if only for types, cannot be understood, or written, one after the other.',
      severity: 'error',
      from: { pathNot: '/test/' },
      to: { circular: true },
    },
    {
      name: 'no-cycles-in-tests',
      comment: 'Tests and their support may share types in a circle: they are gone when the code runs.',
      severity: 'error',
      from: { path: '/test/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      comment: 'Every import leads somewhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-dev-dependencies',
      comment:
        'What a reader runs needs only "dependencies"; development tools are for tests and scripts. The inspector\'s page is bundled when the package is made.',
      severity: 'error',
      from: {
        path: '^(chapters|final)/',
        pathNot: '/test/|^final/inspector/(page/|page-build\\.ts$)',
      },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    // The reader's own work, and what is built.
    exclude: '^(my|site|dist|coverage)/',
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      conditionNames: ['import', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
};

// The rules of the house (docs/architecture.md): imports run downward, and from chapter to chapter only through doors.

const { readdirSync } = require('node:fs');

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
        pathNot: '^(chapters/[^/]+|final)/(test|examples)/',
        dependencyTypesNot: ['aliased-subpath-import'],
      },
    },
    {
      name: 'code-knows-no-tests',
      comment: 'Test support is for tests, scripts and benchmarks.',
      severity: 'error',
      from: { path: '^(chapters|final)/', pathNot: '/test/' },
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
      name: 'no-scripts-at-run-time',
      comment:
        'The course code runs without the course tools. A stage takes its types from scripts/stage-types.ts.',
      severity: 'error',
      from: { path: '^(chapters|final)/', pathNot: '/test/' },
      to: { path: '^scripts/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'only-stage-types',
      comment: 'Of the scripts, chapters know the stage types alone.',
      severity: 'error',
      from: { path: '^(chapters|final)/', pathNot: '/test/' },
      to: { path: '^scripts/', pathNot: '^scripts/stage-types\\.ts$' },
    },
    {
      name: 'no-cycles',
      comment:
        'Modules that import each other in a circle cannot be understood one after the other. Types may: they are gone when the code runs.',
      severity: 'error',
      from: {},
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

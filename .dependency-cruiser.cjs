// The rules of scripts/import-table.cjs for dependency-cruiser. Run by scripts/check-imports.mjs.
const { edge, provider, top, composition, domain } = require('./scripts/import-table.cjs');

const anyOf = (names) => `(${names.join('|')})`;
const built = '(src|dist)'; // packages reach one another through their exports, which lie in dist
const tests = '(\\.spec\\.ts$|/test/|\\.fixture\\.ts$)';
const modulePath = (name) => `^apps/provider/src/${name}/`;

const provided = Object.entries(provider).map(([name, allowed]) => ({
  name: `provider-${name}`,
  comment: `${name} may import ${['the edge', ...allowed].join(', ')}`,
  severity: 'error',
  from: { path: modulePath(name), pathNot: composition },
  to: { path: '^apps/provider/src/[^/]+/', pathNot: modulePath(anyOf([name, ...edge, ...allowed])) },
}));

const doors = Object.entries(domain).map(([name, allowed]) => ({
  name: `domain-${name}`,
  comment: `${name} may import ${['itself', 'node:crypto', 'node:url', ...allowed].join(', ')}`,
  severity: 'error',
  from: { path: `^libs/domain/src/${name}/`, pathNot: tests },
  to: { pathNot: [`^libs/domain/src/${anyOf([name, ...allowed])}/`, '^(node:)?(crypto|url)$'] },
}));

const error = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    error('no-cycles', 'in ESM two decorated classes that import each other crash at load', {}, { circular: true }),
    error('nothing-unresolved', 'a path that leads nowhere is checked by nobody', {}, { couldNotResolve: true }),
    ...provided,
    error(
      'provider-edge',
      'the edge knows no module above it',
      { path: modulePath(anyOf(edge)), pathNot: composition },
      { path: '^apps/provider/src/[^/]+/', pathNot: modulePath(anyOf(edge)) },
    ),
    error(
      'provider-top',
      'nothing imports what only shows',
      { path: '^apps/provider/src/([^/]+)/', pathNot: composition },
      { path: modulePath(anyOf(top)), pathNot: '^apps/provider/src/$1/' },
    ),
    error(
      'entities-stay',
      'rows never leave their module; what a service hands out are domain values',
      { path: '^apps/([^/]+)/src/([^/]+)/', pathNot: composition },
      { path: '^apps/[^/]+/src/[^/]+/.*\\.(entity|statements)\\.ts$', pathNot: '^apps/$1/src/$2/' },
    ),
    ...doors,
    error(
      'server-imports-domain-only',
      'domain <- server <- apps',
      { path: '^libs/server/' },
      { path: `^(apps/|libs/(?!domain/${built}|server/))` },
    ),
    error(
      'resource-server-alone',
      'a team takes it without the rest',
      { path: '^libs/resource-server/src/' },
      { path: `^(apps/|libs/(?!resource-server/))` },
    ),
    error(
      'apps-apart',
      'the applications meet over HTTP alone',
      { path: '^apps/(provider|client)/' },
      { path: '^apps/', pathNot: '^apps/$1/' },
    ),
    error(
      'tests-stay-out',
      'what is shipped imports no test',
      { path: `^(apps|libs)/[^/]+/src/`, pathNot: tests },
      { path: [tests, '^node_modules/(@nestjs/testing|jest|fast-check)/'] },
    ),
  ],
  options: {
    doNotFollow: { path: ['(^|/)node_modules/', '^libs/[^/]+/dist/'] },
    exclude: { path: '^apps/[^/]+/dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};

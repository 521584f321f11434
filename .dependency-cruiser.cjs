// The rules of scripts/import-table.cjs for dependency-cruiser. Run by scripts/check-imports.mjs.
const { base, provider, client, platform, top, domain } = require('./scripts/import-table.cjs');

const anyOf = (names) => `(${names.join('|')})`;
const built = '(src|dist)'; // packages reach one another through their exports, which lie in dist
const tests = '(\\.spec\\.ts$|/test/|\\.fixture\\.ts$)';

const error = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** `clients` is not `clients/resolver`: a folder that has a line of its own is no part of the one around it. */
function folder(source, name, names) {
  const inner = names.filter((other) => other.startsWith(`${name}/`)).map((other) => other.slice(name.length + 1));
  return `^${source}/${name}/${inner.length > 0 ? `(?!${anyOf(inner)}/)` : ''}`;
}

/**
 * A rule for each module of a table: it imports itself, what its line names, and packages.
 * @param everyones modules that all may import which are not among them
 */
function modules(source, table, everyones = []) {
  const names = Object.keys(table);
  return names.map((name) => {
    const allowed = everyones.includes(name) ? table[name] : [...everyones, ...table[name]];
    return error(
      `${source}/${name}`,
      `${name} may import ${allowed.join(', ') || 'no other module'}`,
      { path: folder(source, name, names), pathNot: tests },
      { path: `^${source}/[^/]+/`, pathNot: [name, ...allowed].map((other) => folder(source, other, names)) },
    );
  });
}

/** What only puts an application together is imported by nothing but itself. */
function composition(application) {
  const inside = `^${application}/${anyOf(top)}/`;
  const files = `^${application}/[^/]+\\.ts$`;
  return [
    error(
      `${application}/composition`,
      'nothing imports the server process, the command line, the root module and the schema but those',
      { path: `^${application}/`, pathNot: [inside, files, tests] },
      { path: [inside, files] },
    ),
    error(
      `${application}/schema`,
      'the entities and migrations are for the server process and the command line',
      { path: `^${application}/[^/]+\\.ts$`, pathNot: `^${application}/schema\\.ts$` },
      { path: `^${application}/schema\\.ts$` },
    ),
  ];
}

const entryPoints = Object.entries(domain).map(([name, allowed]) => ({
  name: `domain-${name}`,
  comment: `${name} may import ${['itself', 'node:crypto', 'node:url', ...allowed].join(', ')}`,
  severity: 'error',
  from: { path: `^libs/domain/src/${name}/`, pathNot: tests },
  to: { pathNot: [`^libs/domain/src/${anyOf([name, ...allowed])}/`, '^(node:)?(crypto|url)$'] },
}));

module.exports = {
  forbidden: [
    error('no-cycles', 'in ESM two decorated classes that import each other crash at load', {}, { circular: true }),
    error('nothing-unresolved', 'a path that leads nowhere is checked by nobody', {}, { couldNotResolve: true }),
    ...modules('apps/provider/src', { ...base, ...provider }, Object.keys(base)),
    ...modules('apps/client/src', client),
    ...modules('libs/platform/src', platform),
    ...composition('apps/provider/src'),
    ...composition('apps/client/src'),
    error(
      'entities-stay',
      'rows never leave their module; what a service hands out are domain values',
      { path: '^apps/([^/]+)/src/([^/]+)/', pathNot: [tests, '^apps/[^/]+/src/(server|cli)/'] },
      { path: '^apps/[^/]+/src/[^/]+/.*\\.(entity|statements)\\.ts$', pathNot: '^apps/$1/src/$2/' },
    ),
    ...entryPoints,
    error(
      'platform-imports-domain-only',
      'domain <- platform <- apps',
      { path: '^libs/platform/' },
      { path: `^(apps/|libs/(?!domain/${built}|platform/))` },
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

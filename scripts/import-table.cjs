// Which module may import which. A module is a folder; a file belongs to the module with the longest matching name. Every new
// dependency between modules changes this file, so that it appears in the review.

/** The provider's lowest modules, each with those it may import. Every other module may import all of them. */
const base = {
  config: [],
  database: ['config'],
  i18n: ['config'],
  settings: ['config', 'database', 'i18n'],
  monitoring: ['config'],
  replay: ['database'],
  audit: ['database', 'monitoring'],
  web: ['config', 'i18n', 'settings', 'audit', 'monitoring'],
  operations: ['audit', 'web', 'i18n'],
};

/** The provider's other modules and what each may import besides those. Every folder must be in one of the two lists. */
const provider = {
  'audit/operations': [],
  'database/operations': [],
  'settings/administration': ['mail', 'users', 'users/factors'],
  outbox: [],
  mail: ['outbox'],
  keys: [],
  users: ['mail', 'outbox'],
  'users/factors': ['users'],
  resources: ['users'],
  clients: ['users', 'resources'],
  'clients/resolver': ['clients', 'resources'],
  'clients/authentication': ['clients', 'clients/resolver'],
  grants: ['clients', 'users', 'trusted-issuers'],
  consents: ['grants', 'clients'],
  tokens: ['grants', 'clients', 'users', 'resources', 'keys'],
  'trusted-issuers': ['clients', 'users', 'resources'],
  'protocol/dpop': [],
  protocol: ['protocol/dpop', 'clients', 'clients/authentication'],
  'protocol/authorization': [
    'protocol',
    'protocol/dpop',
    'keys',
    'users',
    'users/factors',
    'clients',
    'clients/resolver',
    'resources',
    'grants',
    'consents',
    'tokens',
  ],
  'protocol/token': [
    'protocol',
    'protocol/dpop',
    'protocol/authorization',
    'users',
    'clients',
    'resources',
    'grants',
    'tokens',
    'trusted-issuers',
  ],
  'protocol/introspection': ['protocol', 'users', 'clients', 'resources', 'grants', 'tokens'],
  'protocol/revocation': ['protocol', 'grants', 'tokens'],
  'protocol/userinfo': ['protocol', 'protocol/dpop', 'users', 'clients', 'tokens'],
  'protocol/registration': ['protocol', 'clients', 'resources'],
  'protocol/logout': ['protocol/authorization', 'outbox', 'users', 'clients', 'grants', 'tokens'],
  'protocol/discovery': ['protocol/authorization', 'keys', 'users/factors', 'clients/authentication'],
  development: ['web', 'i18n'],
  'sign-in': ['protocol/authorization', 'users', 'users/factors', 'clients', 'resources', 'grants', 'consents'],
  diagnostics: ['keys', 'outbox', 'users', 'clients'],
  account: ['sign-in', 'users', 'users/factors', 'clients', 'resources', 'grants', 'consents', 'trusted-issuers'],
  admin: [
    'diagnostics',
    'settings/administration',
    'audit/operations',
    'keys',
    'outbox',
    'users',
    'users/factors',
    'clients',
    'resources',
    'grants',
    'tokens',
    'trusted-issuers',
  ],
  'api/v1': [
    'settings/administration',
    'protocol/userinfo',
    'keys',
    'outbox',
    'users',
    'users/factors',
    'clients',
    'resources',
    'grants',
    'tokens',
    'trusted-issuers',
  ],
  jobs: ['protocol/authorization', 'keys', 'outbox', 'users', 'users/factors', 'clients', 'grants', 'tokens'],
};

/** The client's modules, each with those it may import. */
const client = {
  config: [],
  database: [],
  i18n: [],
  session: ['config'],
  web: ['config', 'i18n', 'session'],
  flow: ['session', 'web'],
  providers: ['config', 'i18n', 'session', 'web', 'flow'],
  login: ['config', 'i18n', 'session', 'web', 'providers', 'flow'],
  logout: ['config', 'i18n', 'session', 'web', 'providers', 'flow'],
  home: ['i18n', 'session', 'web', 'providers'],
  jobs: ['session', 'providers', 'login', 'logout'],
};

/** The modules of libs/platform, each with those it may import; all of them may import the files beside them. */
const platform = {
  secrets: [],
  outbound: [],
  telemetry: [],
  database: [],
  ui: [],
  i18n: ['http'],
  pages: ['http', 'i18n'],
  settings: ['outbound', 'secrets'],
  http: ['ui', 'database', 'outbound', 'secrets', 'telemetry'],
};

/** Modules that may import everything and that no module may import. */
const top = ['server', 'cli'];

/** The entry points of libs/domain, each with those it may import. */
const domain = { kernel: [], jose: ['kernel'], oauth: ['kernel', 'jose'], oidc: ['kernel', 'jose', 'oauth'] };

/** The layers, set by a project's tag `layer:…`, each with the layers it may depend on. */
const layers = {
  domain: [],
  platform: ['domain'],
  'resource-server': [],
  app: ['domain', 'platform'],
  e2e: ['domain', 'platform', 'app'],
};

module.exports = { base, provider, client, platform, top, domain, layers };

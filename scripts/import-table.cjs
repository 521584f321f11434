// Who may import whom, as data. A new arrow is a line here, and so a line in the review.

/** Everyone may import these; they import one another, and nothing above them. `core` hands them to Nest's modules. */
const edge = ['config', 'database', 'http', 'texts', 'audit', 'replay', 'operations', 'core'];

/** The provider's modules and what each may import beside the edge. Modules not named here may not exist. */
const provider = {
  outbox: [],
  mail: ['outbox'],
  keys: [],
  sessions: [],
  dpop: [],
  users: ['outbox', 'mail', 'sessions'],
  resources: ['sessions', 'users'],
  clients: ['sessions', 'users', 'resources'],
  factors: ['users', 'sessions'],
  grants: ['clients', 'users', 'resources', 'sessions'],
  issuance: ['keys', 'clients', 'users', 'resources', 'sessions', 'grants'],
  issuers: ['sessions', 'users', 'resources', 'clients'],
  protocol: ['dpop', 'clients', 'resources'],
  authorization: [
    'protocol',
    'keys',
    'dpop',
    'clients',
    'users',
    'factors',
    'resources',
    'sessions',
    'grants',
    'issuance',
  ],
  interaction: ['mail', 'authorization', 'clients', 'users', 'factors', 'resources', 'sessions', 'grants'],
  token: ['protocol', 'dpop', 'authorization', 'issuers', 'clients', 'users', 'resources', 'grants', 'issuance'],
  userinfo: ['protocol', 'dpop', 'clients', 'users', 'keys', 'grants', 'issuance'],
  checks: ['clients', 'keys', 'outbox', 'users'],
  logout: ['outbox', 'keys', 'authorization', 'users', 'clients', 'sessions', 'grants', 'issuance'],
};

/** May import what they show; nothing imports them. */
const top = ['account', 'admin', 'discovery', 'ops', 'cli'];

/** The files that put a program together, those outside every module among them: they name every module. */
const composition = [
  '^apps/[^/]+/src/[^/]+\\.ts$',
  '^apps/provider/src/database/entities\\.ts$',
  '^apps/client/src/database/schema\\.ts$',
];

/** The doors of libs/domain, each with those it may import. */
const domain = { kernel: [], jose: ['kernel'], oauth: ['kernel', 'jose'], oidc: ['kernel', 'jose', 'oauth'] };

/** The layers that a workspace project's tag `layer:…` stands for. */
const layers = {
  domain: [],
  server: ['domain'],
  'resource-server': [],
  app: ['domain', 'server'],
  e2e: ['domain', 'server', 'app'],
};

module.exports = { edge, provider, top, composition, domain, layers };

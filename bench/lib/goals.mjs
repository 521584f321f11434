/**
 * What Gatehouse on SQLite goes for. `share`: of the limit, in work per processor time; `times`: as much work per
 * processor time as node-oidc-provider.
 */
export const goals = {
  discovery: { share: 0.9, times: 3 },
  jwks: { share: 0.9, times: 2 },
  client_credentials_opaque: { share: 0.7, times: 3 },
  client_credentials_jwt: { share: 0.75, times: 2 },
  client_credentials_api: { share: 0.7, times: 3 },
  introspection: { share: 0.7, times: 3.5 },
  refresh: { share: 0.8, times: 5 },
  code_flow: { share: 0.8, times: 5.5 },
  userinfo: { share: 0.6, times: 2.8 },
  // of the raw hash rate
  password_login: { share: 0.95, of: 'raw_hash', times: 1.1 },
};

/** p50 in milliseconds on one connection: see each workload's `one`. */
export const otherGoals = {
  tokenP99UnderLogins: 50,
  idleMebibytes: 115,
  loadedMebibytes: 170,
  startMilliseconds: 1500,
};

/** Processor time of a unit over all worker processes, against one process: at most. */
export const workersGoal = 1.15;

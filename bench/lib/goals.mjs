/**
 * The goals of Gatehouse on SQLite, in work per processor time. `share`: relative to the limit; `times`: relative to
 * node-oidc-provider.
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
  // relative to the raw hash rate
  password_login: { share: 0.95, of: 'raw_hash', times: 1.1 },
};

/** The goals of p50 on one connection are in each workload's `one`. */
export const otherGoals = {
  tokenP99UnderLogins: 50,
  idleMebibytes: 115,
  loadedMebibytes: 170,
  startMilliseconds: 1500,
};

/** Maximum processor time of a unit over all worker processes, relative to one process. */
export const workersGoal = 1.15;

import { Connection, requestText } from '../lib/connection.mjs';
import { apiScope, jwtApi, opaqueApi, password, usernames } from '../sides/seed.mjs';
import {
  answered,
  authorizationPath,
  clientPost,
  codeIn,
  inTurn,
  logIn,
  logInForTokens,
  proofs,
  redemption,
} from './messages.mjs';

const scope = 'openid profile email';

/**
 * A workload. `prepare(side, connections)` creates what the units require and returns one function per connection, which runs
 * one unit on the connection that it receives.
 * @typedef {object} Workload
 * @property {string} key
 * @property {string} name         display name, with the algorithm
 * @property {string[]} [sides]    keys of the sides that have it; by default all
 * @property {number} [one]        goal of p50 on one connection, in milliseconds
 */

/** Repeats the same request. */
function repeated(textOf, check) {
  return (side, connections) => {
    const text = textOf(side);
    const task = async (connection) => check(await connection.request(text));
    return Array.from({ length: connections }, () => task);
  };
}

const isJson = (name) => (response) => {
  if (response.status !== 200 || !response.body.includes(`"${name}"`))
    throw new Error(`${response.status}: ${response.body.slice(0, 600)}`);
};

const discovery = {
  key: 'discovery',
  name: 'GET discovery',
  one: 0.2,
  prepare: repeated((side) => requestText('GET', side.paths.discovery, side.port), isJson('issuer')),
};

const jwks = {
  key: 'jwks',
  name: 'GET JWKS',
  prepare: repeated((side) => requestText('GET', side.paths.jwks, side.port), isJson('keys')),
};

export const clientCredentials = {
  key: 'client_credentials_opaque',
  name: 'client_credentials, opaque token (stored)',
  one: 0.4,
  prepare: repeated(
    (side) => clientPost(side, side.paths.token, { grant_type: 'client_credentials' }),
    isJson('access_token'),
  ),
};

/** A token for an API, in the format of the API. */
function forApi(key, name, resource, hasFormat) {
  return {
    key,
    name,
    prepare: repeated(
      (side) => clientPost(side, side.paths.token, { grant_type: 'client_credentials', resource, scope: apiScope }),
      (response) => {
        if (response.status !== 200 || !hasFormat(JSON.parse(response.body).access_token))
          throw new Error(`${response.status}: ${response.body.slice(0, 600)}`);
      },
    ),
  };
}

const isJwt = (token) => token.split('.').length === 3;

const clientCredentialsJwt = forApi(
  'client_credentials_jwt',
  'client_credentials for an API, JWT by ES256 (stored too)',
  jwtApi,
  isJwt,
);
const clientCredentialsForApi = forApi(
  'client_credentials_api',
  'client_credentials for an API, opaque token (stored)',
  opaqueApi,
  (token) => !isJwt(token),
);

/** Each connection has its own key, and each unit a new proof, which the load signs. */
const clientCredentialsDpop = {
  key: 'client_credentials_dpop',
  name: 'client_credentials for an API, JWT by ES256, bound by a DPoP proof by ES256',
  async prepare(side, connections) {
    const url = `http://127.0.0.1:${side.port}${side.paths.token}`;
    return Array.from({ length: connections }, () => {
      const nextProof = proofs('POST', url);
      return async (connection) => {
        const text = clientPost(
          side,
          side.paths.token,
          { grant_type: 'client_credentials', resource: jwtApi, scope: apiScope },
          { DPoP: nextProof() },
        );
        const { token_type: type, access_token: token } = answered(await connection.request(text));
        if (type !== 'DPoP' || !isJwt(token)) throw new Error(`not bound: ${type}`);
      };
    });
  },
};

/** Introspects these tokens one after another. */
function introspecting(side, connections, tokens) {
  const texts = tokens.map((token) => clientPost(side, side.paths.introspect, { token }));
  let next = 0;
  const task = async (connection) => {
    const response = await connection.request(texts[next++ % texts.length]);
    if (!response.body.startsWith('{"active":true')) throw new Error(`${response.status}: ${response.body}`);
  };
  return Array.from({ length: connections }, () => task);
}

export const introspection = {
  key: 'introspection',
  name: 'introspection, 1,000 opaque tokens of the client itself',
  one: 0.3,
  async prepare(side, connections) {
    const connection = new Connection(side.port);
    const request = clientPost(side, side.paths.token, { grant_type: 'client_credentials' });
    const tokens = await inTurn(1000, async () => answered(await connection.request(request)).access_token);
    connection.close();
    return introspecting(side, connections, tokens);
  },
};

const introspectionOfUserTokens = {
  key: 'introspection_people',
  name: 'introspection, opaque tokens of users',
  async prepare(side, connections) {
    return introspecting(
      side,
      connections,
      await inTurn(connections, async (index) => (await logInForTokens(side, index, scope)).tokens.access_token),
    );
  },
};

/** Each connection refreshes its own grant. `rotates`: whether each response has a new refresh token. */
async function refreshing(side, connections, rotates) {
  return inTurn(connections, async (index) => {
    // Without prompt=consent, a server may ignore offline_access (OpenID Connect Core 11).
    const { tokens } = await logInForTokens(side, index, `${scope} offline_access`, { prompt: 'consent' });
    let token = tokens.refresh_token;
    if (!token) throw new Error(`${side.name} issued no refresh token`);
    return async (connection) => {
      const next = answered(
        await connection.request(
          clientPost(side, side.paths.token, { grant_type: 'refresh_token', refresh_token: token }),
        ),
      );
      if (!next.id_token || !next.access_token) throw new Error('there is no ID token or access token');
      if ((next.refresh_token !== token) !== rotates)
        throw new Error(rotates ? 'the refresh token was not rotated' : 'the refresh token changed');
      token = next.refresh_token;
    };
  });
}

export const refresh = {
  key: 'refresh',
  name: 'refresh with rotation, ID token ES256',
  one: 1.0,
  prepare: (side, connections) => refreshing(side, connections, true),
};

const refreshKept = {
  key: 'refresh_kept',
  name: 'refresh without rotation, ID token ES256',
  prepare: (side, connections) => refreshing(side.forKeepingClient(), connections, false),
};

const codeFlow = {
  key: 'code_flow',
  name: 'code flow: authorize (active session, consent given), then token; ID token ES256',
  one: 2.0,
  async prepare(side, connections) {
    return inTurn(connections, async (index) => {
      const { browser } = await logInForTokens(side, index, scope);
      const authorize = requestText('GET', authorizationPath(side, scope), side.port, {
        Cookie: browser.cookies,
        Accept: 'text/html',
      });
      return async (connection) => {
        const code = codeIn(await connection.request(authorize));
        const tokens = answered(await connection.request(redemption(side, code)));
        if (!tokens.id_token || !tokens.access_token) throw new Error('there is no ID token or access token');
      };
    });
  },
};

const userinfo = {
  key: 'userinfo',
  name: 'UserInfo, opaque token',
  async prepare(side, connections) {
    const check = isJson('preferred_username');
    return inTurn(connections, async (index) => {
      const { tokens } = await logInForTokens(side, index, scope);
      const text = requestText('GET', side.paths.userinfo, side.port, {
        Authorization: `Bearer ${tokens.access_token}`,
        Accept: 'application/json',
      });
      return async (connection) => check(await connection.request(text));
    });
  },
};

export const passwordLogin = {
  key: 'password_login',
  name: 'password login, Argon2id m=19456 t=2 p=1: authorization request of a new browser, login page, password, code',
  prepare: (side, connections) =>
    Array.from(
      { length: connections },
      (_, index) => async (connection) => void (await logIn(side, connection, index, scope)),
    ),
};

/** The minimum cost of a login; the goal of the password login is relative to it. */
const rawHash = {
  key: 'raw_hash',
  name: 'Argon2id verification alone, m=19456 t=2 p=1',
  sides: ['limit'],
  prepare: repeated(
    (side) =>
      requestText(
        'POST',
        side.paths.hash,
        side.port,
        {},
        new URLSearchParams({ username: usernames[0], password }).toString(),
      ),
    (response) => answered(response),
  ),
};

/** @type {Workload[]} */
export const workloads = [
  discovery,
  jwks,
  clientCredentials,
  clientCredentialsJwt,
  clientCredentialsForApi,
  clientCredentialsDpop,
  introspection,
  introspectionOfUserTokens,
  refresh,
  refreshKept,
  codeFlow,
  userinfo,
  passwordLogin,
  rawHash,
];

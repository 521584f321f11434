import { timingSafeEqual } from 'node:crypto';
import { accessSeconds, clients, issuer, now, refreshSeconds, store } from './limit-context.mjs';
import {
  newToken,
  parseToken,
  provenKey,
  proves,
  sealAnswer,
  sha256,
  signAccessToken,
  signJwt,
} from './limit-tokens.mjs';
import { jwtApi } from './seed.mjs';

/** The client authenticated with client_secret_basic, or undefined. */
export function authenticate(request) {
  const credentials = Buffer.from((request.headers.authorization ?? '').slice(6), 'base64').toString();
  const colon = credentials.indexOf(':');
  const client = clients.get(decodeURIComponent(credentials.slice(0, colon)));
  const hash = sha256(decodeURIComponent(credentials.slice(colon + 1)));
  return client && timingSafeEqual(client.secretHash, hash) ? client : undefined;
}

function idToken({ userId, clientId, accessToken, authTime, nonce, sessionId, at }) {
  const claims = {
    iss: issuer,
    sub: userId,
    aud: clientId,
    iat: at,
    exp: at + accessSeconds,
    auth_time: authTime,
    nonce,
    amr: ['pwd'],
    sid: sessionId,
  };
  return signJwt({ ...claims, at_hash: sha256(accessToken).toString('base64url', 0, 16) });
}

/** Creates the tokens of a grant and the statements that store them, with a new refresh token or the text of the existing one. */
function prepare(grant, clientId, scope, nonce, at, { refresh, existingRefreshToken } = {}) {
  const access = newToken();
  const openid = scope.startsWith('openid');
  const body = JSON.stringify({
    access_token: access.text,
    token_type: 'Bearer',
    expires_in: accessSeconds,
    scope,
    refresh_token: refresh?.text ?? existingRefreshToken,
    id_token: openid
      ? idToken({
          userId: grant.user_id,
          clientId,
          accessToken: access.text,
          authTime: grant.auth_time,
          nonce,
          sessionId: grant.session_id,
          at,
        })
      : undefined,
  });
  const write = () => {
    if (store.useGrant.run(at + refreshSeconds, grant.selector).changes !== 1) return false;
    store.insertAccess.run(
      access.selector,
      access.hash,
      grant.selector,
      clientId,
      grant.user_id,
      scope,
      at,
      at + accessSeconds,
    );
    if (refresh)
      store.insertRefresh.run(refresh.selector, refresh.hash, grant.selector, clientId, scope, at, at + refreshSeconds);
    return true;
  };
  return { body, write, successor: refresh?.selector ?? 0 };
}

/** Refreshes without rotation; the last use of the refresh token is written at most once a minute. */
async function refreshWithoutRotation({ client, parameters, row, grant, at }) {
  const prepared = prepare(grant, client.id, row.scope, undefined, at, {
    existingRefreshToken: parameters.refresh_token,
  });
  const expiresAt = at + refreshSeconds;
  const stored = await store.run(
    () =>
      (expiresAt - row.expires_at < 60 || store.extendRefresh.run(expiresAt, row.selector).changes === 1) &&
      prepared.write(),
  );
  return stored ? prepared.body : undefined;
}

/** The response body of each grant type, as an object or as JSON; undefined for invalid_grant. */
export const grantTypes = {
  /** Stores JWTs too, so that they can be revoked and introspected, and the ids of proofs, which must not be replayed. */
  async client_credentials(client, parameters, proof) {
    const at = now();
    const token = newToken();
    const scope = parameters.scope ?? '';
    const bound = proof === undefined ? undefined : provenKey(proof, 'POST', `${issuer}/token`, at);
    if (proof !== undefined && bound === undefined) return undefined;
    const text =
      parameters.resource === jwtApi
        ? signAccessToken({
            iss: issuer,
            sub: client.id,
            aud: jwtApi,
            client_id: client.id,
            scope,
            jti: token.selector.toString(36),
            iat: at,
            exp: at + accessSeconds,
            cnf: bound && { jkt: bound.jkt },
          })
        : token.text;
    const stored = await store.run(() => {
      if (bound && store.spend.run(bound.id, at).changes !== 1) return false;
      store.insertAccess.run(token.selector, token.hash, null, client.id, null, scope, at, at + accessSeconds);
      return true;
    });
    if (!stored) return undefined;
    return { access_token: text, token_type: bound ? 'DPoP' : 'Bearer', expires_in: accessSeconds, scope };
  },
  async authorization_code(client, parameters) {
    const at = now();
    const token = parseToken(parameters.code);
    const row = token && store.code.get(token.selector);
    if (!token || !proves(token, row) || row.client_id !== client.id) return undefined;
    const isBound =
      row.challenge === sha256(parameters.code_verifier ?? '').toString('base64url') &&
      row.redirect_uri === parameters.redirect_uri;
    const grant = isBound && row.expires_at > at ? store.grant.get(row.grant_selector, at) : undefined;
    if (row.consumed_at !== null) await store.run(() => store.revokeGrant.run(at, row.grant_selector));
    if (!grant || row.consumed_at !== null) return undefined;
    const refresh = row.scope.includes('offline_access') ? newToken() : undefined;
    const prepared = prepare(grant, client.id, row.scope, row.nonce, at, { refresh });
    return (await store.run(() => store.consumeCode.run(at, token.selector).changes === 1 && prepared.write()))
      ? prepared.body
      : undefined;
  },
  async refresh_token(client, parameters) {
    const at = now();
    const token = parseToken(parameters.refresh_token);
    const row = token && store.refresh.get(token.selector);
    if (!token || !proves(token, row) || row.client_id !== client.id || row.expires_at <= at) return undefined;
    if (row.consumed_at !== null) {
      await store.run(() => store.revokeGrant.run(at, row.grant_selector));
      return undefined;
    }
    const grant = store.grant.get(row.grant_selector, at);
    if (!grant) return undefined;
    if (!client.rotates) return refreshWithoutRotation({ client, parameters, row, grant, at });
    const prepared = prepare(grant, client.id, row.scope, undefined, at, { refresh: newToken() });
    const sealedResponse = sealAnswer(token.verifier, prepared.body);
    const rotated = await store.run(
      () =>
        store.consumeRefresh.run(at, prepared.successor, sealedResponse, token.selector).changes === 1 &&
        prepared.write(),
    );
    return rotated ? prepared.body : undefined;
  },
};

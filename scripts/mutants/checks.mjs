// Hashes, expiry and bindings: which client may use a credential, and until when.
const provider = (path) => `apps/provider/src/${path}`;
const domain = (path) => `libs/domain/src/${path}`;
const http = (name, test) => ({ spec: `apps/provider/test/http/${name}.http-spec.ts`, test });

const hash = '!equalInConstantTime(row.verifier_hash, sha256(token.verifier))';
/** The credential is found by its selector; its secret half is not checked. */
const anyVerifier = (what, file, killer) => ({
  name: `${what} is found by its selector alone`,
  file: provider(file),
  find: hash,
  replace: 'row.verifier_hash.length !== sha256(token.verifier).length',
  killers: [killer],
});

const hashes = [
  anyVerifier(
    'an authorization code',
    'protocol/authorization/authorization-codes.service.ts',
    http('token-code', /verifier half/),
  ),
  anyVerifier(
    'a device code',
    'protocol/authorization/device-authorizations.service.ts',
    http('device', /a code of another client, one that was never issued/),
  ),
  anyVerifier('a refresh token', 'tokens/refresh-tokens.service.ts', http('secret-half', /a refresh token is refused/)),
  anyVerifier('an access token', 'tokens/access-tokens.service.ts', http('secret-half', /an access token is refused/)),
  anyVerifier('a session', 'users/sessions/sessions.service.ts', http('secret-half', /a session cookie/)),
  anyVerifier('a one-time link', 'users/credentials/one-time-links.service.ts', http('one-time-link', /secret half/)),
  anyVerifier('an invitation', 'users/invitations/invitations.service.ts', http('secret-half', /an invitation makes/)),
  anyVerifier(
    'a pushed request',
    'protocol/authorization/pushed-requests.service.ts',
    http('par', /when it is forged/),
  ),
  {
    name: 'hashes of the same length are equal',
    file: domain('kernel/digest.ts'),
    find: ' && timingSafeEqual(a, b)',
    replace: ' && timingSafeEqual(a, a)',
    killers: [{ spec: domain('kernel/digest.spec.ts') }],
  },
];

const expiry = [
  {
    name: 'an authorization code outlives a lifetime that was shortened',
    file: provider('protocol/token/grant-types/authorization-code.ts'),
    find: 'if (addSeconds(code.issuedAt, this.codes.lifetimeSeconds(client)) <= now)',
    replace: 'if (addSeconds(code.issuedAt, this.codes.lifetimeSeconds(client)) < 0)',
    killers: [http('token-code', /a shorter one ends it sooner/)],
  },
  {
    name: 'a refresh token works after it expired',
    file: provider('protocol/token/grant-types/refresh-token.ts'),
    find: 'if (this.tokens.expiryOf(token, grant.createdAt) <= now)',
    replace: 'if (this.tokens.expiryOf(token, grant.createdAt) < 0)',
    // A grant expires with its tokens, unless the absolute lifetime was shortened.
    killers: [http('token-refresh-kept', /before the absolute lifetime was shortened/)],
  },
  {
    name: 'a device code works after it expired',
    file: provider('protocol/token/grant-types/device-code.ts'),
    find: 'if (device.expiresAt <= now)',
    replace: 'if (device.expiresAt <= 0)',
    killers: [http('device', /ends with its lifetime/)],
  },
  {
    name: 'a pushed request works after it expired',
    file: provider('protocol/authorization/pushed-request.statements.ts'),
    find: 'WHERE selector = $1 AND expires_at > $2',
    replace: 'WHERE selector = $1 AND $2 > 0',
    killers: [http('par', /ends after its lifetime/)],
  },
  {
    name: 'a client assertion works after it expired',
    file: domain('oauth/client-assertion.ts'),
    find: 'if (exp + skewSeconds <= now)',
    replace: 'if (exp + skewSeconds < now)',
    killers: [{ spec: domain('oauth/client-assertion.spec.ts') }],
  },
  {
    name: 'a DPoP proof works after it expired',
    file: domain('oauth/dpop.ts'),
    find: 'if (iat + maxAgeSeconds <= context.now)',
    replace: 'if (iat + maxAgeSeconds < context.now)',
    killers: [{ spec: domain('oauth/dpop.spec.ts') }],
  },
];

const bindings = [
  {
    name: 'a client redeems a code of another client (RFC 6749 4.1.3)',
    file: provider('protocol/token/grant-types/authorization-code.ts'),
    find: "if (code.clientId !== client.id) throw invalidGrant('code.other_client');",
    replace: '',
    killers: [http('token-code', /refuses another client/)],
  },
  {
    name: 'a code is redeemed with any redirect_uri (RFC 6749 4.1.3)',
    file: provider('protocol/token/grant-types/authorization-code.ts'),
    find: 'sent === undefined ? code.redirectUriSent : sent !== code.redirectUri',
    replace: 'sent === undefined ? code.redirectUriSent : false',
    killers: [http('token-code', /redirect_uri/)],
  },
  {
    name: 'a code is redeemed without the redirect_uri that was sent',
    file: provider('protocol/token/grant-types/authorization-code.ts'),
    find: 'sent === undefined ? code.redirectUriSent : sent !== code.redirectUri',
    replace: 'sent !== undefined && sent !== code.redirectUri',
    killers: [http('token-code', /refuses none where/)],
  },
  {
    name: 'any code_verifier is accepted (RFC 7636 4.6)',
    file: domain('oauth/pkce.ts'),
    find: '!equalInConstantTime(computed, Buffer.from(challenge))',
    replace: 'computed.length !== challenge.length',
    killers: [{ spec: domain('oauth/pkce.spec.ts') }, http('token-code', /verifier/)],
  },
  {
    name: 'a code is redeemed with a proof of another key (RFC 9449 10)',
    file: provider('protocol/token/grant-types/authorization-code.ts'),
    find: 'code.dpopJkt !== undefined && code.dpopJkt !== proof?.jkt',
    replace: 'code.dpopJkt !== undefined && dpopJkt === undefined',
    killers: [http('dpop', /binds the code/)],
  },
  {
    name: 'a client refreshes with a token of another client',
    file: provider('protocol/token/grant-types/refresh-token.ts'),
    find: "if (token.clientId !== client.id) throw invalidGrant('refresh.other_client');",
    replace: '',
    killers: [http('token-refresh', /refuses one of another client/)],
  },
  {
    name: 'a bound refresh token is used with another key (RFC 9449 5)',
    file: provider('protocol/token/grant-types/refresh-token.ts'),
    find: 'token.dpopJkt !== undefined && token.dpopJkt !== proof?.jkt',
    replace: 'token.dpopJkt !== undefined && dpopJkt === undefined',
    killers: [http('dpop', /of a public client are bound to the key/)],
  },
  {
    name: 'a client exchanges a device code of another client',
    file: provider('protocol/token/grant-types/device-code.ts'),
    find: "if (device.clientId !== client.id) throw invalidGrant('device_code.other_client');",
    replace: '',
    killers: [http('device', /refuses a code of another client/)],
  },
  {
    name: 'a client uses a pushed request of another client (RFC 9126 2.2)',
    file: provider('protocol/authorization/pushed-requests.service.ts'),
    find: "if (row.client_id !== client.id) throw invalidUri('request_uri.other_client');",
    replace: '',
    killers: [http('par', /is of one client/)],
  },
  {
    name: 'a DPoP proof is accepted with any access token (RFC 9449 4.3)',
    file: domain('oauth/dpop.ts'),
    find: 'context.accessToken !== undefined && ath !==',
    replace: 'context.accessToken === undefined && ath ===',
    killers: [{ spec: domain('oauth/dpop.spec.ts') }],
  },
];

export const mutants = [...hashes, ...expiry, ...bindings];

// Single-use credentials, and the conditions of the statements that consume them.
const interleaved = 'apps/provider/test/store/interleaved.store-spec.ts';
const races = 'apps/provider/test/store/races.store-spec.ts';
const both = ['SQLite', 'PostgreSQL'];

const inUnits = (test) => ({ spec: interleaved, test, on: both });
const overHttp = (test) => ({ spec: races, test, on: both });
const provider = (path) => `apps/provider/src/${path}`;

const codes = [
  {
    name: 'an authorization code is consumed twice by concurrent requests',
    file: provider('protocol/authorization/authorization-code.statements.ts'),
    find: 'SET consumed_at = $2 WHERE selector = $1 AND consumed_at IS NULL',
    replace: 'SET consumed_at = $2 WHERE selector = $1',
    killers: [inUnits(/an authorization code is spent once/), overHttp(/100 redemptions of one code/)],
  },
  {
    name: 'tokens are issued whether or not the authorization code was consumed',
    file: provider('protocol/authorization/authorization-codes.service.ts'),
    find: 'unit.expectChange(codeStatements.consume',
    replace: 'unit.write(codeStatements.consume',
    killers: [inUnits(/an authorization code is spent once/), overHttp(/100 redemptions of one code/)],
  },
  {
    name: 'the replay of an authorization code revokes nothing',
    file: provider('protocol/token/grant-types/authorization-code.ts'),
    find: "kind: 'denied', error: invalidGrant('code.replayed'), write: (unit) => this.revoke(unit, code, now)",
    replace: "kind: 'denied', error: invalidGrant('code.replayed'), write: () => Promise.resolve()",
    killers: [overHttp(/100 redemptions of one code/)],
  },
];

const refreshTokens = [
  {
    name: 'a refresh token is exchanged twice by concurrent requests',
    file: provider('tokens/token.statements.ts'),
    find: 'SET consumed_at = $2, successor_selector = $3 WHERE selector = $1 AND consumed_at IS NULL',
    replace: 'SET consumed_at = $2, successor_selector = $3 WHERE selector = $1',
    killers: [inUnits(/a refresh token that rotates/), overHttp(/100 refreshes with one token that rotates/)],
  },
  {
    name: 'tokens are issued whether or not the refresh token was consumed',
    file: provider('tokens/refresh-tokens.service.ts'),
    find: 'unit.expectChange(refreshTokenStatements.consume',
    replace: 'unit.write(refreshTokenStatements.consume',
    killers: [inUnits(/a refresh token that rotates/), overHttp(/100 refreshes with one token that rotates/)],
  },
  {
    name: 'a refresh token without rotation is extended after it was consumed',
    file: provider('tokens/token.statements.ts'),
    find: `THEN $2 ELSE expires_at END
     WHERE selector = $1 AND consumed_at IS NULL`,
    replace: `THEN $2 ELSE expires_at END
     WHERE selector = $1`,
    killers: [inUnits(/a refresh token that is kept/)],
  },
  {
    name: 'the reuse of a refresh token revokes nothing (RFC 9700 4.14.2)',
    file: provider('protocol/token/grant-types/refresh-token.ts'),
    find: "error: invalidGrant('refresh.replayed'), write: (unit) => this.revoke(unit, token, now)",
    replace: "error: invalidGrant('refresh.replayed'), write: () => Promise.resolve()",
    killers: [{ spec: 'apps/provider/test/http/token-refresh.http-spec.ts' }],
  },
];

const devices = [
  {
    name: 'a device code is exchanged twice by concurrent requests',
    file: provider('protocol/authorization/device-authorization.statements.ts'),
    find: 'selector = $1 AND consumed_at IS NULL AND grant_selector IS NOT NULL',
    replace: 'selector = $1 AND grant_selector IS NOT NULL',
    killers: [inUnits(/a device code is exchanged once/), overHttp(/100 polls of a device/)],
  },
  {
    name: 'tokens are issued whether or not the device code was consumed',
    file: provider('protocol/authorization/device-authorizations.service.ts'),
    find: 'unit.expectChange(deviceAuthorizationStatements.consume',
    replace: 'unit.write(deviceAuthorizationStatements.consume',
    killers: [inUnits(/a device code is exchanged once/), overHttp(/100 polls of a device/)],
  },
  {
    name: 'a device code is exchanged without an approval',
    file: provider('protocol/authorization/device-authorization.statements.ts'),
    find: 'consumed_at IS NULL AND grant_selector IS NOT NULL',
    replace: 'consumed_at IS NULL',
    killers: [inUnits(/a device code that was not approved/)],
  },
  {
    name: 'a device is approved after it was denied',
    file: provider('protocol/authorization/device-authorization.statements.ts'),
    find: `SET decided_at = $2, grant_selector = $3
     WHERE selector = $1 AND decided_at IS NULL AND`,
    replace: `SET decided_at = $2, grant_selector = $3
     WHERE selector = $1 AND`,
    killers: [inUnits(/a device is approved or denied once/)],
  },
  {
    name: 'a device is denied after it was approved',
    file: provider('protocol/authorization/device-authorization.statements.ts'),
    find: 'SET decided_at = $2 WHERE selector = $1 AND decided_at IS NULL AND',
    replace: 'SET decided_at = $2 WHERE selector = $1 AND',
    killers: [inUnits(/a device is approved or denied once/)],
  },
];

const links = [
  {
    name: 'a one-time link is used twice by concurrent requests',
    file: provider('users/credentials/one-time-links.service.ts'),
    find: 'SET consumed_at = $2 WHERE selector = $1 AND consumed_at IS NULL AND expires_at > $2',
    replace: 'SET consumed_at = $2 WHERE selector = $1 AND expires_at > $2',
    // Over HTTP, a new password deletes the account's links in the same unit of work.
    killers: [inUnits(/a one-time link is used once/)],
  },
  {
    name: 'a one-time link is used after it expired',
    file: provider('users/credentials/one-time-links.service.ts'),
    find: 'SET consumed_at = $2 WHERE selector = $1 AND consumed_at IS NULL AND expires_at > $2',
    replace: 'SET consumed_at = $2 WHERE selector = $1 AND consumed_at IS NULL',
    killers: [inUnits(/a one-time link is used once, and not after/)],
  },
  {
    name: 'a password is set whether or not the link was consumed',
    file: provider('users/credentials/operations/set-password-by-link.ts'),
    find: 'if (!(await this.links.consume(unit, selector, actor.now))) throw linkUsed();',
    replace: 'await this.links.consume(unit, selector, actor.now);',
    killers: [overHttp(/uses of a one-time link/)],
  },
  {
    name: 'an invitation is used twice by concurrent requests',
    file: provider('users/invitations/invitations.service.ts'),
    find: 'SET consumed_at = $2 WHERE selector = $1 AND consumed_at IS NULL AND expires_at > $2',
    replace: 'SET consumed_at = $2 WHERE selector = $1 AND expires_at > $2',
    killers: [inUnits(/an invitation is used once/), overHttp(/two accounts by one invitation/)],
  },
  {
    name: 'an account is created whether or not the invitation was consumed',
    file: provider('users/operations/sign-up.ts'),
    find: '!(await this.invitations.consume(unit, invitation.selector, now))',
    replace: '(await this.invitations.consume(unit, invitation.selector, now)) === undefined',
    killers: [overHttp(/two accounts by one invitation/)],
  },
  {
    name: 'an invitation is withdrawn after it was used',
    file: provider('users/invitations/invitations.service.ts'),
    find: "'DELETE FROM invitations WHERE selector = $1 AND consumed_at IS NULL RETURNING email'",
    replace: "'DELETE FROM invitations WHERE selector = $1 RETURNING email'",
    killers: [inUnits(/an invitation that was used is not withdrawn/)],
  },
];

const factors = [
  {
    name: 'a time step is consumed twice by concurrent requests (RFC 6238 5.2)',
    file: provider('users/factors/totp.service.ts'),
    find: 'WHERE user_id = $1 AND last_step < $2 AND failures < $4',
    replace: 'WHERE user_id = $1 AND failures < $4',
    killers: [inUnits(/a time step of an authenticator app/)],
  },
  {
    name: 'a time step is consumed twice',
    file: provider('users/factors/totp.service.ts'),
    find: 'last_step < $2',
    replace: 'last_step <= $2',
    killers: [inUnits(/a time step of an authenticator app/)],
  },
  {
    name: 'a locked authenticator app accepts a code',
    file: provider('users/factors/totp.service.ts'),
    find: 'last_step < $2 AND failures < $4',
    replace: 'last_step < $2 AND $4 > 0',
    killers: [inUnits(/an authenticator app that was locked/)],
  },
  {
    name: 'a recovery code is consumed twice by concurrent requests',
    file: provider('users/factors/recovery-codes.service.ts'),
    find: 'code_hash = $2 AND used_at IS NULL',
    replace: 'code_hash = $2',
    killers: [inUnits(/a recovery code is spent once/)],
  },
  {
    name: 'a second factor is accepted whether or not it was consumed',
    file: provider('users/factors/second-factor.service.ts'),
    find: "if (!(await validated.consume(unit))) return 'consumed';",
    replace: 'await validated.consume(unit);',
    killers: [
      { spec: 'apps/provider/test/store/factors.store-spec.ts', test: /a code that twenty browsers/, on: both },
    ],
  },
  {
    name: 'a signature counter is accepted twice',
    file: provider('users/factors/passkeys.service.ts'),
    find: 'WHERE id = $1 AND (counter < $2 OR',
    replace: 'WHERE id = $1 AND (counter <= $2 OR',
    killers: [inUnits(/a count of signatures/)],
  },
];

const requests = [
  {
    name: 'a pushed request is used twice by concurrent requests (RFC 9126 4)',
    file: provider('protocol/authorization/pushed-request.statements.ts'),
    find: 'WHERE selector = $1 AND kept_selector IS NULL',
    replace: 'WHERE selector = $1',
    killers: [inUnits(/a pushed request is used by one/)],
  },
  {
    name: 'an authorization continues whether or not it consumed the pushed request',
    file: provider('protocol/authorization/pushed-requests.service.ts'),
    find: 'unit.expectChange(pushedRequestStatements.use',
    replace: 'unit.write(pushedRequestStatements.use',
    killers: [inUnits(/a pushed request is used by one/)],
  },
  {
    name: 'an authorization request is answered twice',
    file: provider('protocol/authorization/interaction.statements.ts'),
    find: 'browser_hash = $2 AND answered_at IS NULL',
    replace: 'browser_hash = $2',
    killers: [inUnits(/an authorization request is answered once/)],
  },
  {
    name: 'a jti is accepted again before it expires',
    file: provider('replay/replay-cache.service.ts'),
    find: 'DO UPDATE SET expires_at = $2 WHERE spent_ids.expires_at <= $3',
    replace: 'DO UPDATE SET expires_at = $2 WHERE $3 > 0',
    killers: [
      inUnits(/a jti is spent once/),
      { spec: 'apps/provider/test/store/dpop-proofs.store-spec.ts', test: /one each is answered/, on: both },
    ],
  },
  {
    name: 'a client assertion is accepted whether or not its jti was consumed (RFC 7523 3)',
    file: provider('clients/authentication/client-assertion.ts'),
    find: 'if (!(await store.run((unit) => replay.use(unit, issuer, assertion.jti, assertion.expiresAt, now))))',
    replace:
      'if ((await store.run((unit) => replay.use(unit, issuer, assertion.jti, assertion.expiresAt, now))) === undefined)',
    killers: [overHttp(/50 uses of one client assertion/)],
  },
  {
    name: 'the token endpoint does not consume the DPoP proof (RFC 9449 11.1)',
    file: provider('protocol/token/token.controller.ts'),
    find: 'this.proofs.consume(unit, proof, now);',
    replace: '',
    killers: [{ spec: 'apps/provider/test/store/dpop-proofs.store-spec.ts', test: /one code and one proof/, on: both }],
  },
  {
    name: 'an initial access token is used more often than allowed',
    file: provider('clients/registration/initial-access-tokens.service.ts'),
    find: 'AND (most_uses IS NULL OR uses < most_uses)',
    replace: '',
    killers: [inUnits(/an initial access token of one use/)],
  },
  {
    name: 'an initial access token is used after it expired',
    file: provider('clients/registration/initial-access-tokens.service.ts'),
    find: '(most_uses IS NULL OR uses < most_uses) AND ${notExpired}',
    replace: '(most_uses IS NULL OR uses < most_uses)',
    killers: [inUnits(/an initial access token that expired/)],
  },
  {
    name: 'a later response replaces the first response of an idempotency key',
    file: provider('replay/idempotent-responses.service.ts'),
    find: 'ON CONFLICT (id) DO NOTHING',
    replace: 'ON CONFLICT (id) DO UPDATE SET answer_sealed = excluded.answer_sealed',
    killers: [inUnits(/an idempotency key keeps/), overHttp(/50 creations with one idempotency key/)],
  },
];

const states = [
  {
    name: 'a message is claimed twice by concurrent workers',
    file: provider('outbox/outbox.statements.ts'),
    find: 'WHERE selector = $1 AND attempts = $2 AND due_at <= $3',
    replace: 'WHERE selector = $1 AND $2 >= 0',
    killers: [inUnits(/claimed by one of two workers/)],
  },
  {
    name: 'a worker whose lease expired removes a message that another worker delivers',
    file: provider('outbox/outbox.statements.ts'),
    find: "'DELETE FROM outbox_messages WHERE selector = $1 AND attempts = $2'",
    replace: "'DELETE FROM outbox_messages WHERE selector = $1 AND $2 >= 0'",
    killers: [inUnits(/left alone by a worker whose lease ended/)],
  },
  {
    name: 'a session ends twice',
    file: provider('users/sessions/session.statements.ts'),
    find: 'WHERE id = $1 AND ended_at IS NULL RETURNING user_id',
    replace: 'WHERE id = $1 RETURNING user_id',
    killers: [inUnits(/a session ends once/)],
  },
  {
    name: 'a grant is revoked twice',
    file: provider('grants/grant.statements.ts'),
    find: "'UPDATE grants SET revoked_at = $2 WHERE selector = $1 AND revoked_at IS NULL'",
    replace: "'UPDATE grants SET revoked_at = $2 WHERE selector = $1'",
    killers: [inUnits(/a session ends once/)],
  },
  {
    name: 'a grant is created in a session that ended concurrently, on SQLite',
    file: provider('grants/grant.statements.ts'),
    find: 'FROM sessions s WHERE s.id = $4 AND s.ended_at IS NULL`',
    replace: 'FROM sessions s WHERE s.id = $4`',
    killers: [{ ...inUnits(/no grant is made in a session/), on: ['SQLite'] }],
  },
  {
    name: 'a grant is created in a session that ended concurrently, on PostgreSQL',
    file: provider('grants/grant.statements.ts'),
    find: 'FROM sessions s WHERE s.id = $4 AND s.ended_at IS NULL FOR SHARE',
    replace: 'FROM sessions s WHERE s.id = $4 AND s.ended_at IS NULL',
    killers: [{ ...inUnits(/no grant is made in a session/), on: ['PostgreSQL'] }],
  },
  {
    name: 'a revoked grant is used, and its tokens are stored',
    file: provider('grants/grant.statements.ts'),
    find: `THEN $3 ELSE expires_at END
     WHERE selector = $1 AND revoked_at IS NULL`,
    replace: `THEN $3 ELSE expires_at END
     WHERE selector = $1`,
    killers: [inUnits(/a grant that was revoked meanwhile is not used/)],
  },
];

export const mutants = [...codes, ...refreshTokens, ...devices, ...links, ...factors, ...requests, ...states];

import { Inject, Injectable } from '@nestjs/common';
import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { checkCodeVerifier, narrowResources, OAuthError, type AuthorizationCodeRequest } from '@gatehouse/domain/oauth';
import { AuditService } from '../../../audit/audit.service.js';
import { AuthorizationCodes, type AuthorizationCode } from '../../authorization/authorization-codes.service.js';
import { GrantsService } from '../../../grants/grants.service.js';
import type { GrantContext, GrantResult, GrantType } from './grant-type.js';

/** RFC 6749 4.1.3, RFC 7636 4.6 */
@Injectable()
export class AuthorizationCodeGrant implements GrantType<AuthorizationCodeRequest> {
  constructor(
    @Inject(AuthorizationCodes) private readonly codes: AuthorizationCodes,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  async validate(request: AuthorizationCodeRequest, { client, now, proof }: GrantContext): Promise<GrantResult> {
    const code = await this.codes.find(request.code);
    if (!code) throw invalidGrant('code.unknown');
    // RFC 6749 4.1.2: a code that is presented twice may have been stolen, even if it has expired. Checked only for the
    // client's own codes: presenting another client's code must not revoke its grant.
    if (code.clientId !== client.id) throw invalidGrant('code.other_client');
    if (code.consumedAt !== undefined) return this.replayed(code, now);
    if (code.expiresAt <= now) throw invalidGrant('code.expired');
    // The server's security profile may have changed since the code was issued.
    if (addSeconds(code.issuedAt, this.codes.lifetimeSeconds(client)) <= now) throw invalidGrant('code.expired');
    // RFC 9449 10: a sender without the key may have intercepted the code.
    if (code.dpopJkt !== undefined && code.dpopJkt !== proof?.jkt) throw invalidGrant('code.dpop_jkt');
    checkRedirectUri(code, request.redirectUri);
    checkCodeVerifier(code.codeChallenge, request.codeVerifier);
    const grant = await this.grants.findActive(code.grantSelector, now);
    if (!grant) throw invalidGrant('grant.ended');
    return {
      kind: 'granted',
      endsWith: 'grant',
      authorizedGrant: {
        clientId: client.id,
        userId: grant.userId,
        grant: grant.selector,
        // Scopes that the client has lost since are left out.
        scope: code.scope.filter((scope) => client.scope.includes(scope)),
        resources: narrowResources(grant.resources, request.resources),
        mayRefresh: true,
        grantedAt: grant.createdAt,
        sessionId: grant.sessionId,
        authTime: grant.authTime,
        nonce: code.nonce,
        amr: grant.amr,
        acr: grant.acr,
        claims: grant.claims,
      },
      redeem: (unit) => this.codes.consume(unit, code.selector, now),
    };
  }

  private replayed(code: AuthorizationCode, now: EpochSeconds): GrantResult {
    return { kind: 'denied', error: invalidGrant('code.replayed'), write: (unit) => this.revoke(unit, code, now) };
  }

  private async revoke(
    unit: Parameters<GrantsService['revoke']>[0],
    code: AuthorizationCode,
    now: EpochSeconds,
  ): Promise<void> {
    // Recorded once: a consumed code can be presented any number of times.
    if (!(await this.grants.revoke(unit, code.grantSelector, now))) return;
    await this.audit.record(unit, {
      type: 'code.replayed',
      clientId: code.clientId,
      subjectId: String(code.grantSelector),
    });
  }
}

/** RFC 6749 4.1.3: required and identical if the authorization request contained one. */
function checkRedirectUri(code: AuthorizationCode, sent: string | undefined): void {
  if (sent === undefined ? code.redirectUriSent : sent !== code.redirectUri)
    throw new OAuthError('invalid_grant', 'The redirect_uri does not match that of the authorization request.', {
      reason: 'code.redirect_uri',
    });
}

function invalidGrant(reason: string): OAuthError {
  // One description for all cases, so that it does not help in guessing codes: the reason is only logged.
  return new OAuthError('invalid_grant', 'The code is invalid, expired, or was issued to another client.', { reason });
}

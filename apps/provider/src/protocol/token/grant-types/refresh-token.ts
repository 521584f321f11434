import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import {
  checkRefreshScope,
  formatScope,
  narrowResources,
  OAuthError,
  refreshAllowed,
  rotatesRefreshTokens,
  type RefreshTokenRequest,
} from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import { AuditService } from '../../../audit/audit.service.js';
import { GrantsService } from '../../../grants/grants.service.js';
import { RefreshTokensService, type RefreshToken } from '../../../tokens/refresh-tokens.service.js';
import type { GrantContext, GrantResult, GrantType } from './grant-type.js';

/**
 * RFC 6749 6. Bearer tokens of public clients rotate, with reuse detection (RFC 9700 4.14.2) and the same response for
 * a repeated request. Authenticated clients and sender-constrained tokens keep their token, unless the client is
 * configured otherwise.
 */
@Injectable()
export class RefreshTokenGrant implements GrantType<RefreshTokenRequest> {
  constructor(
    @Inject(RefreshTokensService) private readonly tokens: RefreshTokensService,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  async validate(request: RefreshTokenRequest, { client, now, proof }: GrantContext): Promise<GrantResult> {
    const token = await this.tokens.find(request.refreshToken);
    if (!token) throw invalidGrant('refresh.unknown');
    if (token.clientId !== client.id) throw invalidGrant('refresh.other_client');
    // RFC 9449 5: without its key the token is useless, so presenting it does not revoke the grant either.
    if (token.dpopJkt !== undefined && token.dpopJkt !== proof?.jkt) throw invalidGrant('refresh.dpop_jkt');
    const fingerprint = fingerprintOf(request, proof?.jkt);
    const grant = await this.grants.findActive(token.grantSelector, now);
    if (!grant) throw invalidGrant('grant.ended');
    if (token.consumedAt !== undefined) return this.repeated(token, fingerprint, now);
    if (this.tokens.expiryOf(token, grant.createdAt) <= now) throw invalidGrant('refresh.expired');
    // Scopes that the client has lost since are left out.
    const granted = token.scope.filter((each) => client.scope.includes(each));
    const scope = checkRefreshScope(granted, request.scope);
    // A client that may no longer refresh gets a last response, which consumes its token.
    const keepsToken =
      refreshAllowed(client, granted) &&
      !rotatesRefreshTokens(client, { senderConstrained: token.dpopJkt !== undefined });
    return {
      kind: 'granted',
      endsWith: 'grant',
      authorizedGrant: {
        clientId: client.id,
        userId: grant.userId,
        grant: grant.selector,
        scope,
        refreshScope: granted,
        resources: narrowResources(grant.resources, request.resources),
        mayRefresh: true,
        grantedAt: grant.createdAt,
        keptRefreshToken: keepsToken ? request.refreshToken : undefined,
        sessionId: grant.sessionId,
        authTime: grant.authTime,
        amr: grant.amr,
        acr: grant.acr,
        claims: grant.claims,
      },
      redeem: (unit, tokens) => {
        if (keepsToken && tokens.refreshExpiresAt !== undefined)
          return this.tokens.extend(unit, token, tokens.refreshExpiresAt);
        // A client that may no longer refresh gets no successor: its token is only consumed.
        const successor = tokens.refresh?.selector ?? tokens.access.row.selector;
        this.tokens.consume(unit, token, { successor, body: tokens.body, request: fingerprint }, now);
      },
    };
  }

  /** After a lost response, or from two tabs: the same body again. Anything else is reuse and revokes the grant. */
  private async repeated(token: RefreshToken, fingerprint: string, now: EpochSeconds): Promise<GrantResult> {
    const body = await this.tokens.findReplay(token, fingerprint, now);
    if (body !== undefined) return { kind: 'repeated', body };
    return { kind: 'denied', error: invalidGrant('refresh.replayed'), write: (unit) => this.revoke(unit, token, now) };
  }

  private async revoke(unit: Unit, token: RefreshToken, now: EpochSeconds): Promise<void> {
    await this.grants.revoke(unit, token.grantSelector, now);
    await this.audit.record(unit, {
      type: 'token.replayed',
      clientId: token.clientId,
      subjectId: String(token.grantSelector),
    });
  }
}

/** Identifies a repeated request. */
function fingerprintOf({ scope, resources }: RefreshTokenRequest, dpopJkt: string | undefined): string {
  const parts = [scope === undefined ? '' : formatScope(scope), ...resources];
  if (dpopJkt !== undefined) parts.push(`dpop ${dpopJkt}`);
  return parts.join('\n');
}

function invalidGrant(reason: string): OAuthError {
  return new OAuthError(
    'invalid_grant',
    'The refresh token is invalid, expired, revoked, or was issued to another client.',
    { reason },
  );
}

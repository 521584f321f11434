import { Controller, Get, Inject, Options, Post, Req, UseFilters } from '@nestjs/common';
import { OAuthError } from '@gatehouse/domain/oauth';
import { Clock } from '@gatehouse/server/clock';
import { Store } from '@gatehouse/server/database/store';
import { Reply } from '@gatehouse/server/web/reply';
import { clientAddress, requestId, type WebRequest } from '@gatehouse/server/web/request';
import { AuditService } from '../audit/audit.service.js';
import { ClientAuthenticator } from '../clients/authentication/authenticator.js';
import { CrossOrigin } from '../clients/cross-origin.service.js';
import { corsHeaders, preflight } from '../http/cors.js';
import { GrantsService } from '../grants/grants.service.js';
import { OAuthErrorFilter } from '../http/oauth-error.filter.js';
import { routes } from '../http/routes.js';
import { AccessTokensService } from '../issuance/access-tokens.service.js';
import { RefreshTokensService } from '../issuance/refresh-tokens.service.js';
import { postOnly, readProtocolRequest } from '../clients/authentication/protocol-request.js';

/** Token revocation (RFC 7009). A refresh token takes its grant with it, and so every access token of it (2.1). */
@Controller(routes.revoke)
@UseFilters(OAuthErrorFilter)
export class RevocationController {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Store) private readonly store: Store,
    @Inject(CrossOrigin) private readonly crossOrigin: CrossOrigin,
    @Inject(ClientAuthenticator) private readonly authenticator: ClientAuthenticator,
    @Inject(AccessTokensService) private readonly accessTokens: AccessTokensService,
    @Inject(RefreshTokensService) private readonly refreshTokens: RefreshTokensService,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  @Options()
  preflight(@Req() request: WebRequest): Reply {
    return preflight(request);
  }

  @Get()
  wrongMethod(): Reply {
    return postOnly();
  }

  @Post()
  async revoke(@Req() request: WebRequest): Promise<Reply> {
    await this.crossOrigin.check(request);
    const credentials = await readProtocolRequest(request);
    const now = this.clock.now();
    const client = await this.authenticator.authenticate(credentials, now);
    const text = credentials.parameters.get('token');
    if (text === undefined)
      throw new OAuthError('invalid_request', 'The token is missing.', { reason: 'revocation.missing' });
    const access = await this.accessTokens.findLiveOfAnyFormat(text, now);
    const refresh = access ? undefined : await this.refreshTokens.find(text);
    const found = access ?? refresh;
    // RFC 7009 2.1: another client's token is refused; 2.2: an unknown one is gone already, which is what was asked for.
    if (found && found.clientId !== client.id)
      throw new OAuthError('invalid_request', 'The token was issued to another client.', {
        reason: 'revocation.other_client',
      });
    if (found)
      await this.store.run(async (unit) => {
        if (access) await this.accessTokens.revokeBySelector(unit, access.selector, now);
        if (refresh) await this.grants.revoke(unit, refresh.grantSelector, now);
        await this.audit.record(unit, {
          type: 'token.revoked',
          clientId: client.id,
          subjectId: String(found.selector),
          address: clientAddress(request),
          requestId: requestId(request),
        });
      });
    return Reply.empty(200, { 'Cache-Control': 'no-store', ...corsHeaders(request) });
  }
}

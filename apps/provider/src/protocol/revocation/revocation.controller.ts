import { All, Controller, Inject, Options, Post, Req, UseFilters } from '@nestjs/common';
import { OAuthError, type Client } from '@gatehouse/domain/oauth';
import { Store } from '@gatehouse/platform/database/store';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { AuditService } from '../../audit/audit.service.js';
import { GrantsService } from '../../grants/grants.service.js';
import { OAuthErrorFilter } from '../../web/oauth-error.filter.js';
import { corsHeaders } from '../../web/cors.js';
import { routes } from '../../web/routes.js';
import { AccessTokensService } from '../../tokens/access-tokens.service.js';
import { RefreshTokensService } from '../../tokens/refresh-tokens.service.js';
import { ProtocolEndpoints, type ClientCall, type ProtocolEndpoint } from '../endpoint.js';

/** Token revocation (RFC 7009). Revoking a refresh token revokes its grant, and so every access token of the grant (2.1). */
@Controller(routes.revoke)
@UseFilters(OAuthErrorFilter)
export class RevocationController {
  private readonly endpoint: ProtocolEndpoint;

  constructor(
    @Inject(ProtocolEndpoints) endpoints: ProtocolEndpoints,
    @Inject(Store) private readonly store: Store,
    @Inject(AccessTokensService) private readonly accessTokens: AccessTokensService,
    @Inject(RefreshTokensService) private readonly refreshTokens: RefreshTokensService,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {
    this.endpoint = endpoints.of({ name: 'revocation', methods: 'POST', cors: 'registered origins' });
  }

  @Post()
  revoke(@Req() request: WebRequest): Promise<Reply> {
    return this.endpoint.handleClient(request, this.respond);
  }

  @Options()
  preflight(@Req() request: WebRequest): Reply {
    return this.endpoint.preflight(request);
  }

  @All()
  wrongMethod(@Req() request: WebRequest): Promise<Reply> {
    return this.endpoint.wrongMethod(request);
  }

  private readonly respond = async (call: ClientCall, client: Client): Promise<Reply> => {
    const { request, parameters, now } = call;
    const text = parameters.get('token');
    if (text === undefined)
      throw new OAuthError('invalid_request', 'The token is missing.', { reason: 'revocation.missing' });
    const access = await this.accessTokens.findActiveOfAnyFormat(text, now);
    const refresh = access ? undefined : await this.refreshTokens.find(text);
    const found = access ?? refresh;
    // RFC 7009 2.1: another client's token is rejected; 2.2: an unknown token is not an error.
    if (found && found.clientId !== client.id)
      throw new OAuthError('invalid_request', 'The token was issued to another client.', {
        reason: 'revocation.other_client',
      });
    if (found) {
      const { address, requestId } = call.requester();
      await this.store.run(async (unit) => {
        if (access) await this.accessTokens.revokeBySelector(unit, access.selector, now);
        if (refresh) await this.grants.revoke(unit, refresh.grantSelector, now);
        await this.audit.record(unit, {
          type: 'token.revoked',
          clientId: client.id,
          subjectId: String(found.selector),
          address,
          requestId,
        });
      });
    }
    return Reply.empty(200, { 'Cache-Control': 'no-store', ...corsHeaders(request) });
  };
}

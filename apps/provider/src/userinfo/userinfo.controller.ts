import { Controller, Get, Inject, Options, Post, Req, UseFilters } from '@nestjs/common';
import { OAuthError } from '@gatehouse/domain/oauth';
import { requestedClaims, userinfoClaims } from '@gatehouse/domain/oidc';
import { Clock } from '@gatehouse/server/clock';
import { Reply } from '@gatehouse/server/web/reply';
import type { WebRequest } from '@gatehouse/server/web/request';
import { CrossOrigin } from '../clients/cross-origin.service.js';
import { corsHeaders, preflight } from '../http/cors.js';
import { OAuthErrorFilter } from '../http/oauth-error.filter.js';
import { routes } from '../http/routes.js';
import type { AccessToken } from '../issuance/access-tokens.service.js';
import type { User } from '../users/user.js';
import { UsersService } from '../users/users.service.js';
import { BearerTokens, challenge } from './bearer.js';

/** UserInfo (OpenID Connect Core 5.3), and `/api/me`, the smallest API that a token opens. */
@Controller()
@UseFilters(OAuthErrorFilter)
export class UserinfoController {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(BearerTokens) private readonly bearer: BearerTokens,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(CrossOrigin) private readonly crossOrigin: CrossOrigin,
  ) {}

  @Get(routes.userinfo)
  async getUserinfo(@Req() request: WebRequest): Promise<Reply> {
    return this.userinfo(request);
  }

  @Post(routes.userinfo)
  async postUserinfo(@Req() request: WebRequest): Promise<Reply> {
    return this.userinfo(request);
  }

  @Options([routes.userinfo, routes.me])
  preflight(@Req() request: WebRequest): Reply {
    return preflight(request);
  }

  @Get(routes.me)
  async me(@Req() request: WebRequest): Promise<Reply> {
    return this.answer(request, (user) => ({ username: user.username }));
  }

  private userinfo(request: WebRequest): Promise<Reply> {
    return this.answer(request, (user, token) => {
      if (!token.scope.includes('openid'))
        throw new OAuthError('insufficient_scope', 'UserInfo needs the scope openid.', { reason: 'userinfo.scope' });
      // OpenID Connect Core 5.5: what is asked for by name comes to what is asked for by scope.
      return {
        ...userinfoClaims(user, user.id, token.scope),
        ...requestedClaims(user, token.claims?.userinfo, token.scope),
      };
    });
  }

  private async answer(request: WebRequest, claims: (user: User, token: AccessToken) => object): Promise<Reply> {
    await this.crossOrigin.check(request);
    try {
      const token = await this.bearer.check(request, this.clock.now());
      const user = token.userId === undefined ? undefined : await this.users.find(token.userId);
      if (!user || user.disabledAt !== undefined)
        throw new OAuthError('invalid_token', 'The access token is not for a person.', { reason: 'bearer.no_person' });
      return Reply.json(claims(user, token), { headers: { 'Cache-Control': 'no-store', ...corsHeaders(request) } });
    } catch (error) {
      const reply = challenge(error, request);
      if (reply) return reply;
      throw error;
    }
  }
}

import type { OutgoingHttpHeaders } from 'node:http';
import { Controller, Get, Inject, Options, Post, Req, UseFilters } from '@nestjs/common';
import { OAuthError, type Client } from '@gatehouse/domain/oauth';
import { allowedClaims, requestedClaims, userinfoClaims } from '@gatehouse/domain/oidc';
import { Clock } from '@gatehouse/server/clock';
import { Reply } from '@gatehouse/server/web/reply';
import { addressKey, clientAddress, type WebRequest } from '@gatehouse/server/web/request';
import { ApplicationRoles } from '../clients/application-roles.service.js';
import { CrossOrigin } from '../clients/cross-origin.service.js';
import { Subjects } from '../clients/subjects.service.js';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { corsHeaders, preflight } from '../http/cors.js';
import { nonceHeaders } from '../http/dpop-nonce.js';
import { OAuthErrorFilter } from '../http/oauth-error.filter.js';
import { routes } from '../http/routes.js';
import { ResponseTokens } from '../issuance/response-tokens.service.js';
import type { AccessToken } from '../issuance/access-tokens.service.js';
import type { User } from '../users/user.js';
import { UsersService } from '../users/users.service.js';
import { BearerTokens, challenge } from './bearer.js';

interface Found {
  readonly user: User;
  readonly token: AccessToken;
  readonly client: Client;
}

/** UserInfo (OpenID Connect Core 5.3), and `/api/me`, the smallest API that a token opens. */
@Controller()
@UseFilters(OAuthErrorFilter)
export class UserinfoController {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(BearerTokens) private readonly bearer: BearerTokens,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Subjects) private readonly subjects: Subjects,
    @Inject(ResponseTokens) private readonly tokens: ResponseTokens,
    @Inject(ApplicationRoles) private readonly roles: ApplicationRoles,
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
    return this.answer(request, ({ user }) => Reply.json({ username: user.username }, headersFor(request)));
  }

  private userinfo(request: WebRequest): Promise<Reply> {
    return this.answer(request, async ({ user, token, client }) => {
      if (!token.scope.includes('openid'))
        throw new OAuthError('insufficient_scope', 'UserInfo needs the scope openid.', {
          reason: 'userinfo.scope',
          scope: 'openid',
        });
      // What was taken from the client since is no longer its to get.
      const scope = token.scope.filter((each) => client.scope.includes(each));
      // OpenID Connect Core 5.5: what is asked for by name comes to what is asked for by scope.
      const person = scope.includes('application_roles')
        ? { ...user, applicationRoles: await this.roles.of(client.id, user.id) }
        : user;
      const claims = {
        ...userinfoClaims(person, await this.subjects.of(client, user.id), scope),
        ...requestedClaims(person, allowedClaims(token.claims, client)?.userinfo, scope),
      };
      if (client.userinfoSignedResponseAlg === undefined && client.userinfoEncryptedResponseAlg === undefined)
        return Reply.json(claims, headersFor(request));
      return this.signed(request, client, claims);
    });
  }

  /** OpenID Connect Core 5.3.2: a signed answer names who made it and whom it is for. */
  private async signed(request: WebRequest, client: Client, claims: object): Promise<Reply> {
    const whole = { ...claims, iss: this.settings.issuer, aud: client.id };
    const asker = addressKey(clientAddress(request));
    const jwt = await this.tokens.userinfo(client, whole, { now: this.clock.now(), addressKey: asker });
    if (jwt === undefined) throw new Error('this client takes plain JSON');
    return Reply.bytes(Buffer.from(jwt, 'ascii'), 'application/jwt', headersFor(request));
  }

  private async answer(request: WebRequest, reply: (found: Found) => Reply | Promise<Reply>): Promise<Reply> {
    await this.crossOrigin.check(request);
    try {
      const { token, client } = await this.bearer.check(request, this.clock.now());
      const user = token.userId === undefined ? undefined : await this.users.find(token.userId);
      if (!user || user.disabledAt !== undefined)
        throw new OAuthError('invalid_token', 'The access token is not for a person.', { reason: 'bearer.no_person' });
      return await reply({ user, token, client });
    } catch (error) {
      const refusal = challenge(error, request);
      if (refusal) return refusal;
      throw error;
    }
  }
}

function headersFor(request: WebRequest): { readonly headers: OutgoingHttpHeaders } {
  return { headers: { 'Cache-Control': 'no-store', ...nonceHeaders(request), ...corsHeaders(request) } };
}

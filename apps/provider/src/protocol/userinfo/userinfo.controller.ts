import type { OutgoingHttpHeaders } from 'node:http';
import { All, Controller, Get, Inject, Options, Post, Req, UseFilters } from '@nestjs/common';
import { OAuthError, type Client } from '@gatehouse/domain/oauth';
import { allowedClaims, requestedClaims, userinfoClaims } from '@gatehouse/domain/oidc';
import { Reply } from '@gatehouse/platform/http/reply';
import { addressKey, clientAddress, type WebRequest } from '@gatehouse/platform/http/request';
import { ApplicationRoles } from '../../clients/application-roles.service.js';
import { Subjects } from '../../clients/subjects.service.js';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { OAuthErrorFilter } from '../../web/oauth-error.filter.js';
import { corsHeaders } from '../../web/cors.js';
import { nonceHeaders } from '../../web/dpop-nonce-header.js';
import { routes } from '../../web/routes.js';
import { ResponseTokens } from '../../tokens/response-tokens.service.js';
import type { AccessToken } from '../../tokens/access-tokens.service.js';
import { ProtocolEndpoints, type EndpointCall, type ProtocolEndpoint } from '../endpoint.js';
import type { User } from '../../users/user.js';
import { UsersService } from '../../users/users.service.js';
import { BearerTokens, challenge } from './bearer.js';

/** The user and the client of a request's token. */
interface TokenHolder {
  readonly user: User;
  readonly token: AccessToken;
  readonly client: Client;
}

/** UserInfo (OpenID Connect Core 5.3), and `/api/me`, a minimal API that accepts access tokens. */
@Controller()
@UseFilters(OAuthErrorFilter)
export class UserinfoController {
  private readonly userinfoEndpoint: ProtocolEndpoint;
  private readonly meEndpoint: ProtocolEndpoint;

  constructor(
    @Inject(ProtocolEndpoints) endpoints: ProtocolEndpoints,
    @Inject(BearerTokens) private readonly bearer: BearerTokens,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Subjects) private readonly subjects: Subjects,
    @Inject(ResponseTokens) private readonly tokens: ResponseTokens,
    @Inject(ApplicationRoles) private readonly roles: ApplicationRoles,
  ) {
    const common = { cors: 'registered origins', errorReply: challenge } as const;
    this.userinfoEndpoint = endpoints.of({ name: 'userinfo', methods: 'GET, POST', ...common });
    this.meEndpoint = endpoints.of({ name: 'me', methods: 'GET', ...common });
  }

  @Get(routes.userinfo)
  getUserinfo(@Req() request: WebRequest): Promise<Reply> {
    return this.userinfoEndpoint.handle(request, this.userinfo);
  }

  @Post(routes.userinfo)
  postUserinfo(@Req() request: WebRequest): Promise<Reply> {
    return this.userinfoEndpoint.handle(request, this.userinfo);
  }

  @Options(routes.userinfo)
  userinfoPreflight(@Req() request: WebRequest): Reply {
    return this.userinfoEndpoint.preflight(request);
  }

  @All(routes.userinfo)
  wrongUserinfoMethod(@Req() request: WebRequest): Promise<Reply> {
    return this.userinfoEndpoint.wrongMethod(request);
  }

  @Get(routes.me)
  me(@Req() request: WebRequest): Promise<Reply> {
    return this.meEndpoint.handle(request, this.username);
  }

  @Options(routes.me)
  mePreflight(@Req() request: WebRequest): Reply {
    return this.meEndpoint.preflight(request);
  }

  @All(routes.me)
  wrongMeMethod(@Req() request: WebRequest): Promise<Reply> {
    return this.meEndpoint.wrongMethod(request);
  }

  private readonly userinfo = async (call: EndpointCall): Promise<Reply> => {
    const { request, now } = call;
    const { user, token, client } = await this.holderOf(call);
    if (!token.scope.includes('openid'))
      throw new OAuthError('insufficient_scope', 'UserInfo requires the scope openid.', {
        reason: 'userinfo.scope',
        scope: 'openid',
      });
    // Scopes that the client has lost since the token was issued are left out.
    const scope = token.scope.filter((each) => client.scope.includes(each));
    // OpenID Connect Core 5.5: claims requested by name are added to those requested by scope.
    const userWithRoles = scope.includes('application_roles')
      ? { ...user, applicationRoles: await this.roles.of(client.id, user.id) }
      : user;
    const claims = {
      ...userinfoClaims(userWithRoles, await this.subjects.of(client, user.id), scope),
      ...requestedClaims(userWithRoles, allowedClaims(token.claims, client)?.userinfo, scope),
    };
    if (client.userinfoSignedResponseAlg === undefined && client.userinfoEncryptedResponseAlg === undefined)
      return Reply.json(claims, headersFor(request));
    return this.signed({ request, client, now }, claims);
  };

  private readonly username = async (call: EndpointCall): Promise<Reply> => {
    const { user } = await this.holderOf(call);
    return Reply.json({ username: user.username }, headersFor(call.request));
  };

  /** OpenID Connect Core 5.3.2: a signed response names its issuer and its audience. */
  private async signed(
    { request, client, now }: Pick<EndpointCall, 'request' | 'now'> & { readonly client: Client },
    claims: object,
  ): Promise<Reply> {
    const whole = { ...claims, iss: this.settings.issuer, aud: client.id };
    const requesterKey = addressKey(clientAddress(request));
    const jwt = await this.tokens.userinfo(client, whole, { now, addressKey: requesterKey });
    if (jwt === undefined) throw new Error('This client receives plain JSON.');
    return Reply.bytes(Buffer.from(jwt, 'ascii'), 'application/jwt', headersFor(request));
  }

  private async holderOf(call: EndpointCall): Promise<TokenHolder> {
    const { token, client } = await this.bearer.check(call.request, call.now);
    call.clientId = client.id;
    const user = token.userId === undefined ? undefined : await this.users.find(token.userId);
    if (!user || user.disabledAt !== undefined)
      throw new OAuthError('invalid_token', 'The access token was not issued for a user.', {
        reason: 'bearer.no_person',
      });
    return { user, token, client };
  }
}

function headersFor(request: WebRequest): { readonly headers: OutgoingHttpHeaders } {
  return { headers: { 'Cache-Control': 'no-store', ...nonceHeaders(request), ...corsHeaders(request) } };
}

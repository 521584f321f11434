import { All, Controller, Inject, Options, Post, Req, UseFilters } from '@nestjs/common';
import { introspectionResponse, OAuthError, type Client } from '@gatehouse/domain/oauth';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Reply } from '@gatehouse/platform/http/reply';
import { header, type WebRequest } from '@gatehouse/platform/http/request';
import { ClientsService } from '../../clients/clients.service.js';
import { Subjects } from '../../clients/subjects.service.js';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { GrantsService } from '../../grants/grants.service.js';
import { OAuthErrorFilter } from '../../web/oauth-error.filter.js';
import { routes } from '../../web/routes.js';
import { AccessTokensService, type AccessToken } from '../../tokens/access-tokens.service.js';
import { RefreshTokensService } from '../../tokens/refresh-tokens.service.js';
import { ResponseTokens } from '../../tokens/response-tokens.service.js';
import { ProtocolEndpoints, type ClientCall, type ProtocolEndpoint } from '../endpoint.js';
import { ResourcesService } from '../../resources/resources.service.js';
import { UsersService } from '../../users/users.service.js';

const jwtType = 'application/token-introspection+jwt';

/** Token introspection (RFC 7662, RFC 9701): a client sees its own tokens, and of all others only that they are not active for it. */
@Controller(routes.introspect)
@UseFilters(OAuthErrorFilter)
export class IntrospectionController {
  private readonly endpoint: ProtocolEndpoint;

  constructor(
    @Inject(ProtocolEndpoints) endpoints: ProtocolEndpoints,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(AccessTokensService) private readonly accessTokens: AccessTokensService,
    @Inject(RefreshTokensService) private readonly refreshTokens: RefreshTokensService,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(Subjects) private readonly subjects: Subjects,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(ResponseTokens) private readonly responses: ResponseTokens,
  ) {
    this.endpoint = endpoints.of({ name: 'introspection', methods: 'POST', cors: 'none' });
  }

  @Post()
  introspect(@Req() request: WebRequest): Promise<Reply> {
    return this.endpoint.answerClient(request, this.respond);
  }

  @Options()
  preflight(@Req() request: WebRequest): Reply {
    return this.endpoint.preflight(request);
  }

  @All()
  wrongMethod(@Req() request: WebRequest): Promise<Reply> {
    return this.endpoint.wrongMethod(request);
  }

  private readonly respond = async ({ request, parameters, now }: ClientCall, client: Client): Promise<Reply> => {
    // RFC 7662 2.1: the endpoint must not answer whoever merely holds a token; a public client proves nothing.
    if (client.type === 'public')
      throw new OAuthError('invalid_client', 'A public client cannot introspect.', { reason: 'introspection.public' });
    const text = parameters.get('token');
    if (text === undefined)
      throw new OAuthError('invalid_request', 'The token is missing.', { reason: 'introspection.missing' });
    // The hint only says where to look first; both kinds are looked for (RFC 7662 2.1).
    const answer = (await this.accessToken(text, client, now)) ?? (await this.refreshToken(text, client, now));
    return this.reply(request, client, answer ?? introspectionResponse(undefined), now);
  };

  /** JSON, or a JWT where one is asked for (RFC 9701 4, 5). */
  private async reply(request: WebRequest, client: Client, answer: object, now: EpochSeconds): Promise<Reply> {
    if (!asksForJwt(request)) return Reply.json(answer);
    const claims = { iss: this.settings.issuer, aud: client.id, iat: now, token_introspection: answer };
    const jwt = await this.responses.introspection(client, claims, now);
    return Reply.bytes(Buffer.from(jwt, 'ascii'), jwtType, { headers: { 'Cache-Control': 'no-store' } });
  }

  private async accessToken(
    text: string,
    client: Client,
    now: EpochSeconds,
  ): Promise<Record<string, unknown> | undefined> {
    const token = await this.accessTokens.findLiveOfAnyFormat(text, now);
    if (!token || !(await this.mayAsk(client, token))) return undefined;
    this.accessTokens.noteUse(token, now);
    return introspectionResponse({
      issuer: this.settings.issuer,
      clientId: token.clientId,
      scope: token.scope,
      ...(await this.person(token.clientId, token.userId)),
      audience: token.audience,
      acr: token.acr,
      authTime: token.authTime,
      issuedAt: token.issuedAt,
      expiresAt: token.expiresAt,
      tokenType: token.dpopJkt === undefined ? 'Bearer' : 'DPoP',
      dpopJkt: token.dpopJkt,
      act: token.act,
    });
  }

  /** A client asks about its own tokens, an API about those that are for it (RFC 7662 4). */
  private async mayAsk(client: Client, token: AccessToken): Promise<boolean> {
    if (!client.resourceServer) return token.clientId === client.id;
    if (token.audience.length === 0) return false;
    const resource = await this.resources.findByClient(client.id);
    return resource !== undefined && token.audience.includes(resource.identifier);
  }

  private async refreshToken(
    text: string,
    client: Client,
    now: EpochSeconds,
  ): Promise<Record<string, unknown> | undefined> {
    const token = await this.refreshTokens.find(text);
    if (!token || token.clientId !== client.id || token.consumedAt !== undefined) return undefined;
    const grant = await this.grants.findLive(token.grantSelector, now);
    if (!grant) return undefined;
    const expiresAt = this.refreshTokens.expiryOf(token, grant.createdAt);
    if (expiresAt <= now) return undefined;
    return introspectionResponse({
      issuer: this.settings.issuer,
      clientId: token.clientId,
      scope: token.scope,
      ...(await this.person(client.id, grant.userId)),
      acr: grant.acr,
      authTime: grant.authTime,
      dpopJkt: token.dpopJkt,
      issuedAt: token.issuedAt,
      expiresAt,
    });
  }

  /** The person as the token's client knows them; a username would tell a pairwise one who it is. */
  private async person(
    clientId: string,
    userId: string | undefined,
  ): Promise<{ subject?: string; username?: string | undefined }> {
    if (userId === undefined) return {};
    const client = await this.clients.find(clientId);
    if (client?.subjectType === 'pairwise') return { subject: await this.subjects.of(client, userId) };
    return { subject: userId, username: await this.users.findName(userId) };
  }
}

/** RFC 9701 4: where the header names the type; of `application/json` beside it the JWT is the better one. */
function asksForJwt(request: WebRequest): boolean {
  return header(request, 'accept')?.toLowerCase().includes(jwtType) ?? false;
}

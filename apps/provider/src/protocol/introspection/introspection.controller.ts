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

/** Token introspection (RFC 7662, RFC 9701): a client sees its own tokens; all others are reported as inactive. */
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
    // RFC 7662 2.1: the endpoint requires client authentication, and a public client does not authenticate.
    if (client.type === 'public')
      throw new OAuthError('invalid_client', 'A public client cannot introspect.', { reason: 'introspection.public' });
    const text = parameters.get('token');
    if (text === undefined)
      throw new OAuthError('invalid_request', 'The token is missing.', { reason: 'introspection.missing' });
    // The hint only says where to search first; both kinds are searched (RFC 7662 2.1).
    const response = (await this.accessToken(text, client, now)) ?? (await this.refreshToken(text, client, now));
    return this.reply(request, client, response ?? introspectionResponse(undefined), now);
  };

  /** JSON, or a JWT when the client requests one (RFC 9701 4, 5). */
  private async reply(request: WebRequest, client: Client, response: object, now: EpochSeconds): Promise<Reply> {
    if (!asksForJwt(request)) return Reply.json(response);
    const claims = { iss: this.settings.issuer, aud: client.id, iat: now, token_introspection: response };
    const jwt = await this.responses.introspection(client, claims, now);
    return Reply.bytes(Buffer.from(jwt, 'ascii'), jwtType, { headers: { 'Cache-Control': 'no-store' } });
  }

  private async accessToken(
    text: string,
    client: Client,
    now: EpochSeconds,
  ): Promise<Record<string, unknown> | undefined> {
    const token = await this.accessTokens.findLiveOfAnyFormat(text, now);
    if (!token || !(await this.mayIntrospect(client, token))) return undefined;
    this.accessTokens.noteUse(token, now);
    return introspectionResponse({
      issuer: this.settings.issuer,
      clientId: token.clientId,
      scope: token.scope,
      ...(await this.subjectOf(token.clientId, token.userId)),
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

  /** A client may introspect its own tokens, an API those that are for it (RFC 7662 4). */
  private async mayIntrospect(client: Client, token: AccessToken): Promise<boolean> {
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
      ...(await this.subjectOf(client.id, grant.userId)),
      acr: grant.acr,
      authTime: grant.authTime,
      dpopJkt: token.dpopJkt,
      issuedAt: token.issuedAt,
      expiresAt,
    });
  }

  /** The user as the token's client knows them; a username would identify the user to a pairwise client. */
  private async subjectOf(
    clientId: string,
    userId: string | undefined,
  ): Promise<{ subject?: string; username?: string | undefined }> {
    if (userId === undefined) return {};
    const client = await this.clients.find(clientId);
    if (client?.subjectType === 'pairwise') return { subject: await this.subjects.of(client, userId) };
    return { subject: userId, username: await this.users.findName(userId) };
  }
}

/** RFC 9701 4: when the Accept header includes the type; the JWT takes precedence over `application/json`. */
function asksForJwt(request: WebRequest): boolean {
  return header(request, 'accept')?.toLowerCase().includes(jwtType) ?? false;
}

import { All, Controller, Inject, Options, Post, Req, UseFilters } from '@nestjs/common';
import { OAuthError, type Client } from '@gatehouse/domain/oauth';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Reply } from '@gatehouse/platform/http/reply';
import { header, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { OAuthErrorFilter } from '../../web/oauth-error.filter.js';
import { routes } from '../../web/routes.js';
import { ResponseTokens } from '../../tokens/response-tokens.service.js';
import { ProtocolEndpoints, type ClientCall, type ProtocolEndpoint } from '../endpoint.js';
import { IntrospectedTokens } from './introspected-tokens.service.js';

const jwtType = 'application/token-introspection+jwt';

/** Token introspection (RFC 7662, RFC 9701): a client sees its own tokens; all others are reported as inactive. */
@Controller(routes.introspect)
@UseFilters(OAuthErrorFilter)
export class IntrospectionController {
  private readonly endpoint: ProtocolEndpoint;

  constructor(
    @Inject(ProtocolEndpoints) endpoints: ProtocolEndpoints,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(IntrospectedTokens) private readonly tokens: IntrospectedTokens,
    @Inject(ResponseTokens) private readonly responses: ResponseTokens,
  ) {
    this.endpoint = endpoints.of({ name: 'introspection', methods: 'POST', cors: 'none' });
  }

  @Post()
  introspect(@Req() request: WebRequest): Promise<Reply> {
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

  private readonly respond = async ({ request, parameters, now }: ClientCall, client: Client): Promise<Reply> => {
    // RFC 7662 2.1: the endpoint requires client authentication, and a public client does not authenticate.
    if (client.type === 'public')
      throw new OAuthError('invalid_client', 'A public client cannot introspect.', { reason: 'introspection.public' });
    const text = parameters.get('token');
    if (text === undefined)
      throw new OAuthError('invalid_request', 'The token is missing.', { reason: 'introspection.missing' });
    return this.reply(request, client, await this.tokens.describe(text, client, now), now);
  };

  /** JSON, or a JWT when the client requests one (RFC 9701 4, 5). */
  private async reply(request: WebRequest, client: Client, response: object, now: EpochSeconds): Promise<Reply> {
    if (!asksForJwt(request)) return Reply.json(response);
    const claims = { iss: this.settings.issuer, aud: client.id, iat: now, token_introspection: response };
    const jwt = await this.responses.introspection(client, claims, now);
    return Reply.bytes(Buffer.from(jwt, 'ascii'), jwtType, { headers: { 'Cache-Control': 'no-store' } });
  }
}

/** RFC 9701 4: when the Accept header includes the type; the JWT takes precedence over `application/json`. */
function asksForJwt(request: WebRequest): boolean {
  return header(request, 'accept')?.toLowerCase().includes(jwtType) ?? false;
}

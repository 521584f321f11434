import type { OutgoingHttpHeaders } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { bearerChallenge, OAuthError, parseBearer, type Client } from '@gatehouse/domain/oauth';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { readForm } from '@gatehouse/server/web/read-form';
import { Reply } from '@gatehouse/server/web/reply';
import { header, type WebRequest } from '@gatehouse/server/web/request';
import { RepeatedParameter, UnsupportedBody } from '@gatehouse/server/web/form';
import { corsHeaders } from '../http/cors.js';
import { ClientsService } from '../clients/clients.service.js';
import { AccessTokensService, type AccessToken } from '../issuance/access-tokens.service.js';

/** The request carried no token at all: challenged without an error code (RFC 6750 3.1). */
export class NoToken extends Error {}

/** A live access token, and the client that it was given to. */
export interface PresentedToken {
  readonly token: AccessToken;
  readonly client: Client;
}

/** Finds the live access token that a request to our own endpoints carries (RFC 6750 2). */
@Injectable()
export class BearerTokens {
  constructor(
    @Inject(AccessTokensService) private readonly tokens: AccessTokensService,
    @Inject(ClientsService) private readonly clients: ClientsService,
  ) {}

  /**
   * @throws NoToken, OAuthError invalid_request for two ways at once, invalid_token
   */
  async check(request: WebRequest, now: EpochSeconds): Promise<PresentedToken> {
    const authorization = header(request, 'authorization');
    const inBody = request.method === 'POST' ? await bodyToken(request) : undefined;
    if (authorization !== undefined && inBody !== undefined)
      throw new OAuthError('invalid_request', 'The token comes in the header or in the body, not in both.', {
        reason: 'bearer.two_ways',
      });
    if (authorization === undefined && inBody === undefined) throw new NoToken('no access token was sent');
    const text = inBody ?? parseBearer(authorization);
    const token = text === undefined ? undefined : await this.tokens.findLive(text, now);
    if (!token)
      throw new OAuthError('invalid_token', 'The access token is unknown, expired or revoked.', {
        reason: 'bearer.invalid',
      });
    // RFC 9068 4: a token for an API opens nothing here.
    if (token.audience.length > 0)
      throw new OAuthError('invalid_token', 'The access token is for another audience.', {
        reason: 'bearer.audience',
      });
    const client = await this.clients.find(token.clientId);
    if (!client || client.disabledAt !== undefined)
      throw new OAuthError('invalid_token', 'The access token is unknown, expired or revoked.', {
        reason: 'bearer.client',
      });
    this.tokens.noteUse(token, now);
    return { token, client };
  }
}

/** The answer to a refused token: 401 or 403 with a challenge (RFC 6750 3). */
export function challenge(error: unknown, request: WebRequest): Reply | undefined {
  if (error instanceof NoToken) return Reply.empty(401, challengeHeaders(bearerChallenge(), request));
  if (!(error instanceof OAuthError)) return undefined;
  const value = bearerChallenge({
    error: error.code,
    description: error.description,
    scope: error.code === 'insufficient_scope' ? 'openid' : undefined,
  });
  return Reply.json(
    { error: error.code, error_description: error.description },
    { status: error.status, headers: challengeHeaders(value, request) },
  );
}

function challengeHeaders(value: string, request: WebRequest): OutgoingHttpHeaders {
  return { 'WWW-Authenticate': value, 'Cache-Control': 'no-store', ...corsHeaders(request) };
}

/** RFC 6750 2.2: a form body of one part. Another kind of body carries no token. */
async function bodyToken(request: WebRequest): Promise<string | undefined> {
  try {
    return (await readForm(request, { limitBytes: 16 * 1024 })).protocolParameters().get('access_token');
  } catch (error) {
    if (error instanceof UnsupportedBody) return undefined;
    if (error instanceof RepeatedParameter)
      throw new OAuthError('invalid_request', 'A parameter is repeated.', {
        cause: error,
        reason: 'parameter.repeated',
      });
    throw error;
  }
}

import { Inject, Injectable } from '@nestjs/common';
import { authorizationResponseClaims, OAuthError, type AuthorizationRequest } from '@gatehouse/domain/oauth';
import type { Reply } from '@gatehouse/platform/http/reply';
import { ClientsService } from '../../clients/clients.service.js';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { PageError } from '../../web/page-error.js';
import { text } from '../../i18n/message.js';
import { ResponseTokens } from '../../tokens/response-tokens.service.js';
import type { RequestContext } from '../../users/sessions/request-context.js';
import { responseMode } from './response-modes/response-modes.js';

/** The client that a response is for, where it is sent, and how. */
export type Addressee = Pick<AuthorizationRequest, 'clientId' | 'redirectUri' | 'responseMode'>;

/** Sends the parameters of a response, successful or not, to the client: in plain form, or as a JWT (JARM). */
@Injectable()
export class AuthorizationResponses {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ResponseTokens) private readonly tokens: ResponseTokens,
  ) {}

  /** @throws PageError when the client requires encryption and has no key: the response must not be sent unencrypted */
  async reply(
    context: Pick<RequestContext, 'cookies' | 'now' | 'addressKey'>,
    { clientId, redirectUri, responseMode: name }: Addressee,
    parameters: Readonly<Record<string, string>>,
  ): Promise<Reply> {
    const mode = responseMode(name);
    const sent = mode.asJwt ? { response: await this.sign(clientId, parameters, context) } : parameters;
    return mode.reply(redirectUri, sent, context.cookies);
  }

  private async sign(
    clientId: string,
    parameters: Readonly<Record<string, string>>,
    { now, addressKey }: Pick<RequestContext, 'now' | 'addressKey'>,
  ): Promise<string> {
    const client = await this.clients.find(clientId);
    if (!client) throw new PageError('request.expired', { detail: text('error.clientRemoved') });
    const claims = authorizationResponseClaims(parameters, { issuer: this.settings.issuer, clientId, now });
    try {
      return await this.tokens.authorization(client, claims, { now, addressKey });
    } catch (error) {
      if (error instanceof OAuthError)
        throw new PageError('request.refused', { cause: error, detail: error.description });
      throw error;
    }
  }
}

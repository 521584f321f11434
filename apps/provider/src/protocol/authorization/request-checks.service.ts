import { Inject, Injectable } from '@nestjs/common';
import {
  checkAuthorizationRequest,
  denyAuthorizationRequest,
  OAuthError,
  recheckAuthorizationRequest,
  targetOf,
  type AuthorizationCheck,
  type AuthorizationRequest,
  type Client,
} from '@gatehouse/domain/oauth';
import { allowedClaims } from '@gatehouse/domain/oidc';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { IdTokenHints } from '../../tokens/id-token-hints.service.js';
import { ResourcesService } from '../../resources/resources.service.js';
import type { FetchContext } from './request-object-fetches.js';
import { RequestObjects } from './request-objects.service.js';

/** A check whose accepted request includes the user that its `id_token_hint` names. */
export type RequestCheck =
  | Exclude<AuthorizationCheck, { readonly kind: 'accepted' }>
  | {
      readonly kind: 'accepted';
      readonly request: AuthorizationRequest;
      readonly client: Client;
      readonly hintedUserId: string | undefined;
    };

/** The checks of an authorization request, whether a browser sends it or the client pushes it (RFC 9126 2.1). */
@Injectable()
export class RequestChecks {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(RequestObjects) private readonly requestObjects: RequestObjects,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(IdTokenHints) private readonly hints: IdTokenHints,
  ) {}

  /**
   * @param parameters with `request` or `request_uri` not resolved yet
   * @param context of the request that may require a request object to be fetched
   */
  async check(
    parameters: ReadonlyMap<string, string>,
    client: Client | undefined,
    context: FetchContext,
  ): Promise<RequestCheck> {
    const check = await this.checkTargets(await this.checkParameters(parameters, client, context));
    if (check.kind !== 'accepted') return check;
    if (!client) throw new Error('An accepted request must name a client.');
    const request = withAllowedClaims(check.request, client);
    if (request.idTokenHint === undefined) return { ...check, request, client, hintedUserId: undefined };
    const subject = (await this.hints.verify(request.idTokenHint, client.id, context.now))?.['sub'];
    if (typeof subject === 'string') return { ...check, request, client, hintedUserId: subject };
    return denied(
      request,
      new OAuthError('invalid_request', 'The id_token_hint is not an ID token of this server.', {
        reason: 'id_token_hint.foreign',
      }),
    );
  }

  /**
   * The same for the request of an interaction: its client, or the APIs that it is for, may have changed since. The
   * accepted request may ask for less than the stored one.
   */
  async recheck(request: AuthorizationRequest, client: Client): Promise<AuthorizationCheck> {
    const check = await this.checkTargets(recheckAuthorizationRequest(request, client));
    return check.kind === 'accepted' ? { ...check, request: withAllowedClaims(check.request, client) } : check;
  }

  private async checkParameters(
    parameters: ReadonlyMap<string, string>,
    client: Client | undefined,
    context: FetchContext,
  ): Promise<AuthorizationCheck> {
    const policy = { pkce: this.settings.pkce };
    const hasObject = parameters.has('request') || parameters.has('request_uri');
    if (!client || client.disabledAt !== undefined) return checkAuthorizationRequest(parameters, client, policy);
    if (!hasObject)
      return client.requireSignedRequestObject
        ? denyAuthorizationRequest(parameters, client, unsignedRequest())
        : checkAuthorizationRequest(parameters, client, policy);
    try {
      return checkAuthorizationRequest(await this.requestObjects.resolve(parameters, client, context), client, policy);
    } catch (error) {
      if (error instanceof OAuthError) return denyAuthorizationRequest(parameters, client, error);
      throw error;
    }
  }

  /** Checks that every requested API exists, and that one token can be issued for all of them (RFC 8707 2). */
  private async checkTargets(check: AuthorizationCheck): Promise<AuthorizationCheck> {
    if (check.kind !== 'accepted' || !check.request.resources) return check;
    try {
      targetOf(await this.resources.getAll(check.request.resources), check.request.scope);
      return check;
    } catch (error) {
      if (error instanceof OAuthError) return denied(check.request, error);
      throw error;
    }
  }
}

/** RFC 9101 10.5 */
function unsignedRequest(): OAuthError {
  return new OAuthError(
    'invalid_request',
    'This client must send signed request objects: the request object is missing.',
    {
      reason: 'request_object.required',
    },
  );
}

function withAllowedClaims(request: AuthorizationRequest, client: Client): AuthorizationRequest {
  return request.claims ? { ...request, claims: allowedClaims(request.claims, client) } : request;
}

function denied(
  { clientId, redirectUri, responseMode, state, prompt }: AuthorizationRequest,
  error: OAuthError,
): Extract<AuthorizationCheck, { readonly kind: 'denied' }> {
  return { kind: 'denied', clientId, redirectUri, responseMode, state, silent: prompt.includes('none'), error };
}

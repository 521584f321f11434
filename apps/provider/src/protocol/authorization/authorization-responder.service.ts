import { Inject, Injectable } from '@nestjs/common';
import { addSeconds, formatToken, type Token } from '@gatehouse/domain/kernel';
import {
  acrOf,
  authorizationErrorParameters,
  authorizationResponseParameters,
  OAuthError,
  preferredContexts,
  responseContents,
  type AuthorizationRequest,
  type AuthorizedGrant,
  type Client,
} from '@gatehouse/domain/oauth';
import { ConcurrencyConflict, Store, type Unit } from '@gatehouse/platform/database/store';
import type { Reply } from '@gatehouse/platform/http/reply';
import { AuditService } from '../../audit/audit.service.js';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { GrantsService } from '../../grants/grants.service.js';
import { TokenIssuer, type FrontChannelTokens } from '../../tokens/token-issuer.js';
import type { UserRequestContext, RequestContext } from '../../users/sessions/request-context.js';
import { AuthorizationCodes } from './authorization-codes.service.js';
import { Interactions } from './interactions.service.js';
import type { CurrentInteraction } from './current-interaction.js';
import { AuthorizationResponses, type Addressee } from './authorization-responses.service.js';
import { SessionStates, type StatefulRequest } from './session-states.service.js';

/** The contents of one response, created and signed before it is stored. */
interface PreparedResponse {
  readonly code: Token | undefined;
  readonly tokens: FrontChannelTokens | undefined;
}

/** Issues the authorization response, successful or not. */
@Injectable()
// eslint-disable-next-line local/max-injected-dependencies -- code, grant, tokens and audit event of a response are issued in one unit of work
export class AuthorizationResponder {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Interactions) private readonly interactions: Interactions,
    @Inject(AuthorizationCodes) private readonly codes: AuthorizationCodes,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(TokenIssuer) private readonly issuer: TokenIssuer,
    @Inject(SessionStates) private readonly sessionStates: SessionStates,
    @Inject(AuthorizationResponses) private readonly responses: AuthorizationResponses,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /** The error response to the client (RFC 6749 4.1.2.1, RFC 9207). */
  deny(
    context: RequestContext,
    request: Addressee & StatefulRequest & Pick<AuthorizationRequest, 'state'>,
    error: OAuthError,
  ): Promise<Reply> {
    const { sessionState, cookies } = this.sessionStates.of(context, request);
    const parameters = authorizationErrorParameters({
      error,
      state: request.state,
      sessionState,
      issuer: this.settings.issuer,
    });
    return this.responses.reply({ ...context, cookies }, request, parameters);
  }

  /**
   * Stores grant, code, access token and audit event in one unit of work; nothing else is written.
   * @returns undefined when the session has ended, or when a request that is answered once already has been
   */
  async grant(context: UserRequestContext, interaction: CurrentInteraction): Promise<Reply | undefined> {
    const { now } = context;
    const { request } = interaction;
    const returns = responseContents(request.responseType);
    const code = returns.code ? this.codes.make() : undefined;
    let tokens: FrontChannelTokens | undefined;
    try {
      if (returns.idToken || returns.accessToken)
        tokens = await this.issuer.prepareFrontChannel(
          authorizedGrantOf(context, request),
          interaction.client,
          { returns, code: code && formatToken(code), state: request.state },
          now,
        );
    } catch (error) {
      // The ID token cannot be encrypted as the client registered.
      if (error instanceof OAuthError) return this.deny(context, request, error);
      throw error;
    }
    const { sessionState, cookies } = this.sessionStates.of(context, request);
    const parameters = authorizationResponseParameters({
      code: code && formatToken(code),
      accessToken: tokens?.access && {
        value: tokens.access.text,
        expiresInSeconds: tokens.access.lifetimeSeconds,
        scope: tokens.access.scope,
      },
      idToken: tokens?.idToken,
      state: request.state,
      sessionState,
      issuer: this.settings.issuer,
    });
    // Before anything is written: a response that cannot be encrypted grants nothing.
    const reply = await this.responses.reply({ ...context, cookies }, request, parameters);
    try {
      await this.store.run((unit) => this.write(unit, context, interaction, { code, tokens }));
    } catch (error) {
      // The session has ended, or the same pushed request was answered by another request first.
      if (error instanceof ConcurrencyConflict) return undefined;
      throw error;
    }
    return reply;
  }

  /** The unit of work fails if the session has ended. */
  private write(
    unit: Unit,
    context: UserRequestContext,
    interaction: CurrentInteraction,
    prepared: PreparedResponse,
  ): void {
    const { now, user, session } = context;
    const { id, request, client, once } = interaction;
    const grant = this.grants.create(
      unit,
      {
        clientId: request.clientId,
        userId: user.id,
        sessionId: session.id,
        scope: request.scope,
        resources: request.resources ?? [],
        authTime: session.authTime,
        amr: session.amr,
        acr: acrOf(session.amr, preferredContexts(request)),
        claims: request.claims,
        expiresAt: addSeconds(now, this.lifetimeSeconds(prepared, client)),
      },
      now,
    );
    void this.audit.record(unit, {
      type: 'grant.created',
      actorId: user.id,
      clientId: request.clientId,
      subjectId: String(grant),
      address: context.address,
      requestId: context.requestId,
    });
    if (id !== undefined) this.interactions[once ? 'claimAnswer' : 'markAnswered'](unit, id, context.browser.hash, now);
    if (prepared.code) this.codes.issue(unit, prepared.code, { request, client, grantSelector: grant }, now);
    if (prepared.tokens?.access)
      this.issuer.storeAccess(unit, { ...authorizedGrantOf(context, request), grant }, prepared.tokens.access, now);
  }

  /** Until the last credential in the response expires. */
  private lifetimeSeconds({ code, tokens }: PreparedResponse, client: Client): number {
    return Math.max(
      code ? this.codes.lifetimeSeconds(client) : 0,
      // Tokens for an API may have a longer lifetime than those for this server.
      tokens?.access?.lifetimeSeconds ?? 0,
      tokens?.idToken === undefined ? 0 : this.settings.idTokenLifetimeSeconds,
    );
  }
}

/** What the user's sign-in and consent authorize; the grant itself is created with the response. */
function authorizedGrantOf({ user, session }: UserRequestContext, request: AuthorizationRequest): AuthorizedGrant {
  return {
    clientId: request.clientId,
    userId: user.id,
    grant: undefined,
    scope: request.scope,
    resources: request.resources,
    mayRefresh: false,
    sessionId: session.id,
    authTime: session.authTime,
    nonce: request.nonce,
    amr: session.amr,
    acr: acrOf(session.amr, preferredContexts(request)),
    claims: request.claims,
  };
}

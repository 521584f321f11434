import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { AuthorizedGrant, Client } from '@gatehouse/domain/oauth';
import { allowedClaims, claimNamesOf, claimValues, idTokenClaims, requestedClaims } from '@gatehouse/domain/oidc';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { ApplicationRoles } from '../clients/application-roles.service.js';
import { Subjects } from '../clients/subjects.service.js';
import { UsersService } from '../users/users.service.js';
import { ResponseTokens } from './response-tokens.service.js';

/** The other credentials in the same response. */
export interface ResponseCredentials {
  readonly accessToken?: string | undefined;
  /** In responses of the authorization endpoint. */
  readonly code?: string | undefined;
  readonly state?: string | undefined;
}

/**
 * Issues ID tokens, with the same claims at the authorization endpoint and the token endpoint (OpenID Connect Core
 * 3.3.3.6).
 */
@Injectable()
export class IdTokens {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(ResponseTokens) private readonly tokens: ResponseTokens,
    @Inject(Subjects) private readonly subjects: Subjects,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(ApplicationRoles) private readonly roles: ApplicationRoles,
  ) {}

  /** @returns undefined if the request was not an OpenID request */
  async sign(
    authorizedGrant: AuthorizedGrant,
    client: Client,
    response: ResponseCredentials,
    now: EpochSeconds,
  ): Promise<string | undefined> {
    if (authorizedGrant.userId === undefined || !authorizedGrant.scope.includes('openid')) return undefined;
    const algorithm = client.idTokenSignedResponseAlg;
    const claims = idTokenClaims({
      issuer: this.settings.issuer,
      subject: await this.subjects.of(client, authorizedGrant.userId),
      clientId: client.id,
      now,
      lifetimeSeconds: this.settings.idTokenLifetimeSeconds,
      algorithm,
      ...response,
      authTime: authorizedGrant.authTime,
      nonce: authorizedGrant.nonce,
      amr: authorizedGrant.amr,
      acr: authorizedGrant.acr,
      sessionId: authorizedGrant.sessionId,
      personal: await this.userClaims(authorizedGrant, authorizedGrant.userId, client, response),
    });
    return this.tokens.idToken(client, claims, now);
  }

  /**
   * Claims requested by scopes are in the ID token only if no access token for UserInfo is issued (OpenID Connect Core
   * 5.4); claims requested for it by the `claims` parameter always are (5.5).
   */
  private async userClaims(
    { scope, claims: granted }: AuthorizedGrant,
    userId: string,
    client: Client,
    response: ResponseCredentials,
  ): Promise<Record<string, unknown> | undefined> {
    const claims = allowedClaims(granted, client);
    const isAlone = response.accessToken === undefined && response.code === undefined;
    const roleScopes = scope.filter((token) => token === 'roles' || token === 'application_roles');
    if (!isAlone && !claims?.idToken && roleScopes.length === 0) return undefined;
    const user = await this.users.find(userId);
    const userWithRoles = user && {
      ...user,
      ...(scope.includes('application_roles') ? { applicationRoles: await this.roles.of(client.id, userId) } : {}),
    };
    return (
      userWithRoles && {
        ...claimValues(userWithRoles, isAlone ? claimNamesOf(scope) : claimNamesOf(roleScopes)),
        ...requestedClaims(userWithRoles, claims?.idToken, scope),
      }
    );
  }
}

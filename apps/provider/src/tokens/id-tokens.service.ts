import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Authority, Client } from '@gatehouse/domain/oauth';
import { allowedClaims, claimNamesOf, claimValues, idTokenClaims, requestedClaims } from '@gatehouse/domain/oidc';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { ApplicationRoles } from '../clients/application-roles.service.js';
import { Subjects } from '../clients/subjects.service.js';
import { UsersService } from '../users/users.service.js';
import { ResponseTokens } from './response-tokens.service.js';

/** What an ID token travels with. */
export interface IdTokenCompany {
  readonly accessToken?: string | undefined;
  /** In answers of the authorization endpoint. */
  readonly code?: string | undefined;
  readonly state?: string | undefined;
}

/** Makes ID tokens: the same for the authorization endpoint and the token endpoint (OpenID Connect Core 3.3.3.6). */
@Injectable()
export class IdTokens {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(ResponseTokens) private readonly tokens: ResponseTokens,
    @Inject(Subjects) private readonly subjects: Subjects,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(ApplicationRoles) private readonly roles: ApplicationRoles,
  ) {}

  /** @returns undefined where the authority is not an OpenID request's */
  async sign(
    authority: Authority,
    client: Client,
    company: IdTokenCompany,
    now: EpochSeconds,
  ): Promise<string | undefined> {
    if (authority.userId === undefined || !authority.scope.includes('openid')) return undefined;
    const algorithm = client.idTokenSignedResponseAlg;
    const claims = idTokenClaims({
      issuer: this.settings.issuer,
      subject: await this.subjects.of(client, authority.userId),
      clientId: client.id,
      now,
      lifetimeSeconds: this.settings.idTokenLifetimeSeconds,
      algorithm,
      ...company,
      authTime: authority.authTime,
      nonce: authority.nonce,
      amr: authority.amr,
      acr: authority.acr,
      sessionId: authority.sessionId,
      personal: await this.userClaims(authority, authority.userId, client, company),
    });
    return this.tokens.idToken(client, claims, now);
  }

  /**
   * OpenID Connect Core 5.4: what scopes ask for is in the ID token where no access token opens UserInfo; 5.5: and so is
   * what the `claims` parameter asks for there.
   */
  private async userClaims(
    { scope, claims: granted }: Authority,
    userId: string,
    client: Client,
    company: IdTokenCompany,
  ): Promise<Record<string, unknown> | undefined> {
    const claims = allowedClaims(granted, client);
    const alone = company.accessToken === undefined && company.code === undefined;
    const roleScopes = scope.filter((token) => token === 'roles' || token === 'application_roles');
    if (!alone && !claims?.idToken && roleScopes.length === 0) return undefined;
    const user = await this.users.find(userId);
    const person = user && {
      ...user,
      ...(scope.includes('application_roles') ? { applicationRoles: await this.roles.of(client.id, userId) } : {}),
    };
    return (
      person && {
        ...claimValues(person, alone ? claimNamesOf(scope) : claimNamesOf(roleScopes)),
        ...requestedClaims(person, claims?.idToken, scope),
      }
    );
  }
}

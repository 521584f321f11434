import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Authority, Client } from '@gatehouse/domain/oauth';
import { claimNamesOf, claimValues, idTokenClaims, requestedClaims } from '@gatehouse/domain/oidc';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
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
      personal: await this.personal(authority, authority.userId, company),
    });
    return this.tokens.idToken(client, claims, now);
  }

  /**
   * OpenID Connect Core 5.4: what scopes ask for is in the ID token where no access token opens UserInfo; 5.5: and so is
   * what the `claims` parameter asks for there.
   */
  private async personal(
    { scope, claims }: Authority,
    userId: string,
    company: IdTokenCompany,
  ): Promise<Record<string, unknown> | undefined> {
    const alone = company.accessToken === undefined && company.code === undefined;
    if (!alone && !claims?.idToken && !scope.includes('roles')) return undefined;
    const person = await this.users.find(userId);
    return (
      person && {
        ...claimValues(person, alone ? claimNamesOf(scope) : claimNamesOf(scope.filter((token) => token === 'roles'))),
        ...requestedClaims(person, claims?.idToken, scope),
      }
    );
  }
}

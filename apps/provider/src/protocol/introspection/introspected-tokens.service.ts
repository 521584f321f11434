import { Inject, Injectable } from '@nestjs/common';
import { introspectionResponse, type Client } from '@gatehouse/domain/oauth';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { GrantsService } from '../../grants/grants.service.js';
import { ResourcesService } from '../../resources/resources.service.js';
import { AccessTokensService, type AccessToken } from '../../tokens/access-tokens.service.js';
import { RefreshTokensService } from '../../tokens/refresh-tokens.service.js';
import { IntrospectedUsers } from './introspected-users.service.js';

/** Finds and describes the token of an introspection request. */
@Injectable()
export class IntrospectedTokens {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(AccessTokensService) private readonly accessTokens: AccessTokensService,
    @Inject(RefreshTokensService) private readonly refreshTokens: RefreshTokensService,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(IntrospectedUsers) private readonly users: IntrospectedUsers,
  ) {}

  /** @returns the introspection response: `active` is false if the token does not exist or the client may not see it */
  async describe(text: string, client: Client, now: EpochSeconds): Promise<object> {
    // `token_type_hint` only optimizes the lookup, so both types are searched (RFC 7662 2.1).
    const response = (await this.accessToken(text, client, now)) ?? (await this.refreshToken(text, client, now));
    return response ?? introspectionResponse(undefined);
  }

  private async accessToken(
    text: string,
    client: Client,
    now: EpochSeconds,
  ): Promise<Record<string, unknown> | undefined> {
    const token = await this.accessTokens.findActiveOfAnyFormat(text, now);
    if (!token || !(await this.maySee(client, token))) return undefined;
    this.accessTokens.noteUse(token, now);
    return introspectionResponse({
      issuer: this.settings.issuer,
      clientId: token.clientId,
      scope: token.scope,
      ...(await this.users.identify(token.clientId, token.userId)),
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

  /** A client sees its own tokens, an API those with it as audience (RFC 7662 4). */
  private async maySee(client: Client, token: AccessToken): Promise<boolean> {
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
    const grant = await this.grants.findActive(token.grantSelector, now);
    if (!grant) return undefined;
    const expiresAt = this.refreshTokens.expiryOf(token, grant.createdAt);
    if (expiresAt <= now) return undefined;
    return introspectionResponse({
      issuer: this.settings.issuer,
      clientId: token.clientId,
      scope: token.scope,
      ...(await this.users.identify(client.id, grant.userId)),
      acr: grant.acr,
      authTime: grant.authTime,
      dpopJkt: token.dpopJkt,
      issuedAt: token.issuedAt,
      expiresAt,
    });
  }
}

import { Inject, Injectable } from '@nestjs/common';
import { addSeconds, formatToken, sha256, type EpochSeconds, type Token } from '@gatehouse/domain/kernel';
import { formatScope, refreshAllowed, tokenResponse, type Authority, type Client } from '@gatehouse/domain/oauth';
import { idTokenClaims } from '@gatehouse/domain/oidc';
import type { Unit } from '@gatehouse/server/database/store';
import { newSecret, SelectorSource } from '@gatehouse/server/secrets/random';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { GrantsService } from '../grants/grants.service.js';
import { JwtSigner } from '../keys/jwt-signer.js';
import { UsersService } from '../users/users.service.js';
import { accessTokenStatements, refreshTokenStatements } from './token.statements.js';

/** Tokens that are made and signed, but not stored: until they are, they are worth nothing. */
export interface PreparedTokens {
  readonly authority: Authority;
  readonly access: Token;
  readonly refresh: Token | undefined;
  /** The JSON body of the answer. */
  readonly body: string;
}

/** Issues access, refresh and ID tokens for an authority that a grant type proved. */
@Injectable()
export class TokenIssuer {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(JwtSigner) private readonly signer: JwtSigner,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(UsersService) private readonly users: UsersService,
  ) {}

  /** Makes and signs; outside of any unit, because signing is no database work. */
  async prepare(authority: Authority, client: Client, now: EpochSeconds): Promise<PreparedTokens> {
    const access = this.newToken();
    const accessToken = formatToken(access);
    const refresh =
      authority.grant !== undefined &&
      authority.mayRefresh &&
      refreshAllowed(client, authority.refreshScope ?? authority.scope)
        ? this.newToken()
        : undefined;
    const body = tokenResponse({
      accessToken,
      expiresInSeconds: this.settings.accessTokenLifetimeSeconds,
      scope: authority.scope,
      refreshToken: refresh && formatToken(refresh),
      idToken: await this.idToken(authority, client, accessToken, now),
    });
    return { authority, access, refresh, body: JSON.stringify(body) };
  }

  /** Stores them with their grant. False when the grant ended meanwhile: then nothing may be answered. */
  async store(unit: Unit, prepared: PreparedTokens, now: EpochSeconds): Promise<boolean> {
    const { authority, access, refresh } = prepared;
    const expiresAt = addSeconds(now, this.settings.accessTokenLifetimeSeconds);
    const refreshExpiresAt = addSeconds(now, this.settings.refreshTokenLifetimeSeconds);
    if (authority.grant !== undefined) {
      const lives = refresh && refreshExpiresAt > expiresAt ? refreshExpiresAt : expiresAt;
      if (!(await this.grants.use(unit, authority.grant, lives, now))) return false;
    }
    const scope = formatScope(authority.scope);
    await unit.change(
      accessTokenStatements.insert,
      access.selector,
      sha256(access.verifier),
      authority.grant ?? null,
      authority.clientId,
      authority.userId ?? null,
      scope,
      now,
      expiresAt,
    );
    if (refresh && authority.grant !== undefined)
      await unit.change(
        refreshTokenStatements.insert,
        refresh.selector,
        sha256(refresh.verifier),
        authority.grant,
        authority.clientId,
        formatScope(authority.refreshScope ?? authority.scope),
        now,
        refreshExpiresAt,
      );
    return true;
  }

  private newToken(): Token {
    return { selector: this.selectors.next(), verifier: newSecret() };
  }

  private async idToken(
    authority: Authority,
    client: Client,
    accessToken: string,
    now: EpochSeconds,
  ): Promise<string | undefined> {
    if (authority.userId === undefined || !authority.scope.includes('openid')) return undefined;
    const roles = authority.scope.includes('roles') ? (await this.users.find(authority.userId))?.roles : undefined;
    const algorithm = client.idTokenSignedResponseAlg;
    const claims = idTokenClaims({
      issuer: this.settings.issuer,
      subject: authority.userId,
      clientId: client.id,
      now,
      lifetimeSeconds: this.settings.idTokenLifetimeSeconds,
      algorithm,
      accessToken,
      authTime: authority.authTime,
      nonce: authority.nonce,
      amr: authority.amr,
      acr: authority.acr,
      sessionId: authority.sessionId,
      roles,
    });
    return this.signer.sign(algorithm, 'JWT', claims, now);
  }
}

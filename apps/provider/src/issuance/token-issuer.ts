import { Inject, Injectable } from '@nestjs/common';
import { formatToken, sha256, type EpochSeconds, type Token } from '@gatehouse/domain/kernel';
import {
  formatScope,
  refreshAllowed,
  refreshTokenExpiry,
  tokenResponse,
  type Authority,
  type Client,
  type Returns,
} from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/server/database/store';
import { newSecret, SelectorSource } from '@gatehouse/server/secrets/random';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { GrantsService } from '../grants/grants.service.js';
import { AccessTokenMaker, type MadeAccessToken } from './access-token-maker.js';
import { IdTokens } from './id-tokens.service.js';
import { refreshTokenStatements } from './token.statements.js';

/** Tokens that are made and signed, but not stored: until they are, they are worth nothing. */
export interface PreparedTokens {
  readonly authority: Authority;
  readonly access: MadeAccessToken;
  /** A new refresh token. */
  readonly refresh: Token | undefined;
  /** When the refresh token of the response expires, new or kept; undefined: the response has none. */
  readonly refreshExpiresAt: EpochSeconds | undefined;
  /** What the refresh token is bound to: of a confidential client its credentials do that already (RFC 9449 5). */
  readonly refreshJkt: string | undefined;
  /** The JSON body of the answer. */
  readonly body: string;
}

/** Tokens that the authorization endpoint itself answers with. */
export interface FrontChannelTokens {
  readonly access: MadeAccessToken | undefined;
  readonly idToken: string | undefined;
}

/** Issues access, refresh and ID tokens for an authority that a grant type proved. */
@Injectable()
export class TokenIssuer {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(AccessTokenMaker) private readonly maker: AccessTokenMaker,
    @Inject(IdTokens) private readonly idTokens: IdTokens,
    @Inject(GrantsService) private readonly grants: GrantsService,
  ) {}

  /** Makes and signs; outside of any unit, because signing is no database work. */
  async prepare(authority: Authority, client: Client, now: EpochSeconds): Promise<PreparedTokens> {
    const access = await this.maker.make(authority, client, now);
    const refreshes =
      authority.grant !== undefined &&
      authority.mayRefresh &&
      refreshAllowed(client, authority.refreshScope ?? authority.scope);
    const refresh = refreshes && authority.keptRefreshToken === undefined ? this.newToken() : undefined;
    const body = tokenResponse({
      accessToken: access.text,
      expiresInSeconds: access.lifetimeSeconds,
      scope: access.scope,
      // RFC 6749 6 lets a response leave out a token that stays valid; some clients take that as the loss of theirs.
      refreshToken: refresh ? formatToken(refresh) : refreshes ? authority.keptRefreshToken : undefined,
      dpopJkt: authority.dpopJkt,
      issuedTokenType: authority.issuedTokenType,
      idToken: await this.idTokens.sign(authority, client, { accessToken: access.text }, now),
    });
    const refreshJkt = client.type === 'public' ? authority.dpopJkt : undefined;
    const refreshExpiresAt = refreshes ? refreshTokenExpiry(authority.grantedAt ?? now, now, this.settings) : undefined;
    return { authority, access, refresh, refreshExpiresAt, refreshJkt, body: JSON.stringify(body) };
  }

  /** Stores them with their grant. The unit stands on it: NothingChanged when it ended meanwhile. */
  store(unit: Unit, prepared: PreparedTokens, now: EpochSeconds): void {
    const { authority, access, refresh, refreshExpiresAt } = prepared;
    const { expiresAt } = access;
    if (authority.grant !== undefined) {
      const lives = refreshExpiresAt !== undefined && refreshExpiresAt > expiresAt ? refreshExpiresAt : expiresAt;
      this.grants.use(unit, authority.grant, lives, now);
    }
    this.maker.store(unit, authority, access, now);
    if (refresh && refreshExpiresAt !== undefined && authority.grant !== undefined)
      unit.write(
        refreshTokenStatements.insert,
        refresh.selector,
        sha256(refresh.verifier),
        authority.grant,
        authority.clientId,
        formatScope(authority.refreshScope ?? authority.scope),
        now,
        refreshExpiresAt,
        prepared.refreshJkt ?? null,
      );
  }

  /** The tokens of an answer of the authorization endpoint; signed here, stored by {@link storeAccess}. */
  async prepareFrontChannel(
    authority: Authority,
    client: Client,
    answer: { readonly returns: Returns; readonly code: string | undefined; readonly state: string | undefined },
    now: EpochSeconds,
  ): Promise<FrontChannelTokens> {
    const access = answer.returns.accessToken ? await this.maker.make(authority, client, now) : undefined;
    return {
      access,
      idToken: answer.returns.idToken
        ? await this.idTokens.sign(
            authority,
            client,
            { accessToken: access?.text, code: answer.code, state: answer.state },
            now,
          )
        : undefined,
    };
  }

  /** Stores an access token alone. That its grant lives is for the caller to know. */
  storeAccess(unit: Unit, authority: Authority, access: MadeAccessToken, now: EpochSeconds): void {
    this.maker.store(unit, authority, access, now);
  }

  private newToken(): Token {
    return { selector: this.selectors.next(), verifier: newSecret() };
  }
}

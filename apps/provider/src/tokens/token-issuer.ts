import { Inject, Injectable } from '@nestjs/common';
import { addSeconds, formatToken, sha256, type EpochSeconds, type Token } from '@gatehouse/domain/kernel';
import {
  accessTokenClaims,
  algorithmsUnder,
  checkResourcesAllowed,
  formatScope,
  OAuthError,
  refreshAllowed,
  refreshTokenExpiry,
  targetOf,
  tokenResponse,
  type Authority,
  type Client,
  type ResponseContents,
  type Scope,
} from '@gatehouse/domain/oauth';
import { ConcurrencyConflict, type SqlValue, type Unit } from '@gatehouse/platform/database/store';
import { newSecret, SelectorSource } from '@gatehouse/platform/secrets/random';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { Subjects } from '../clients/subjects.service.js';
import { GrantsService } from '../grants/grants.service.js';
import { JwtSigner } from '../keys/jwt-signer.js';
import { ResourcesService } from '../resources/resources.service.js';
import { IdTokens } from './id-tokens.service.js';
import { accessTokenStatements, refreshTokenStatements } from './token.statements.js';

/** An access token that is made and signed, but not stored: until it is, it is worth nothing. */
export interface SignedAccessToken {
  /** Its row. Of a JWT nobody knows the verifier: it cannot be shown as an opaque one. */
  readonly row: Token;
  /** What the client gets. */
  readonly text: string;
  /** That part of the authority's scope that it is for. */
  readonly scope: Scope;
  /** Identifiers of resources; empty: our own endpoints. */
  readonly audience: readonly string[];
  readonly lifetimeSeconds: number;
  readonly expiresAt: EpochSeconds;
}

/** Tokens that are made and signed, but not stored: until they are, they are worth nothing. */
export interface PreparedTokens {
  readonly authority: Authority;
  readonly access: SignedAccessToken;
  /** A new refresh token. */
  readonly refresh: Token | undefined;
  /** When the refresh token of the response expires, new or kept; undefined: the response has none. */
  readonly refreshExpiresAt: EpochSeconds | undefined;
  /** What the refresh token is bound to: of a confidential client its credentials do that already (RFC 9449 5). */
  readonly refreshJkt: string | undefined;
  /** The JSON body of the answer. */
  readonly body: string;
}

/** When tokens are stored, and on what condition. */
export interface StoringContext {
  readonly now: EpochSeconds;
  /** The access token is stored only while the client's credentials are of this version; undefined: whatever they are. */
  readonly credentialsVersion: number | undefined;
}

/** Tokens that the authorization endpoint itself answers with. */
export interface FrontChannelTokens {
  readonly access: SignedAccessToken | undefined;
  readonly idToken: string | undefined;
}

/** Issues access, refresh and ID tokens for an authority that a grant type proved. */
@Injectable()
export class TokenIssuer {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(Subjects) private readonly subjects: Subjects,
    @Inject(JwtSigner) private readonly signer: JwtSigner,
    @Inject(IdTokens) private readonly idTokens: IdTokens,
    @Inject(GrantsService) private readonly grants: GrantsService,
  ) {}

  /** Makes and signs; outside of any unit, because signing is no database work. */
  async prepare(authority: Authority, client: Client, now: EpochSeconds): Promise<PreparedTokens> {
    const access = await this.makeAccessToken(authority, client, now);
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

  /**
   * Stores them with their grant. The unit stands on it: NothingChanged when it ended meanwhile, or when the client's
   * credentials are not of this version any more ({@link isClientChanged}).
   */
  store(unit: Unit, prepared: PreparedTokens, { now, credentialsVersion }: StoringContext): void {
    const { authority, access, refresh, refreshExpiresAt } = prepared;
    const { expiresAt } = access;
    if (authority.grant !== undefined) {
      const lives = refreshExpiresAt !== undefined && refreshExpiresAt > expiresAt ? refreshExpiresAt : expiresAt;
      this.grants.use(unit, authority.grant, lives, now);
    }
    if (credentialsVersion === undefined) this.storeAccess(unit, authority, access, now);
    else unit.expectChange(accessTokenStatements.insertOfClient, ...rowOf(authority, access, now), credentialsVersion);
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

  /** Whether a unit was undone because the client's credentials were not of the version that {@link store} was given. */
  isClientChanged(thrown: unknown): boolean {
    return thrown instanceof ConcurrencyConflict && thrown.statement === accessTokenStatements.insertOfClient;
  }

  /** The tokens of an answer of the authorization endpoint; signed here, stored by {@link storeAccess}. */
  async prepareFrontChannel(
    authority: Authority,
    client: Client,
    answer: { readonly returns: ResponseContents; readonly code: string | undefined; readonly state: string | undefined },
    now: EpochSeconds,
  ): Promise<FrontChannelTokens> {
    const access = answer.returns.accessToken ? await this.makeAccessToken(authority, client, now) : undefined;
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
  storeAccess(unit: Unit, authority: Authority, access: SignedAccessToken, now: EpochSeconds): void {
    unit.write(accessTokenStatements.insert, ...rowOf(authority, access, now));
  }

  private newToken(): Token {
    return { selector: this.selectors.next(), verifier: newSecret() };
  }

  /**
   * Opaque for our own endpoints, for an API as that takes them (RFC 9068, RFC 8707).
   * @throws OAuthError invalid_target for a resource that is gone or not the client's, or resources that cannot share a token
   */
  private async makeAccessToken(authority: Authority, client: Client, now: EpochSeconds): Promise<SignedAccessToken> {
    const row = { selector: this.selectors.next(), verifier: newSecret() };
    const asked = authority.resources ?? [];
    checkResourcesAllowed(client, asked);
    if (asked.length === 0) return this.opaque(row, authority.scope, [], this.settings.accessTokenLifetimeSeconds, now);
    const target = targetOf(await this.resources.getAll(asked), authority.scope);
    const lifetimeSeconds = Math.min(
      target.lifetimeSeconds ?? this.settings.accessTokenLifetimeSeconds,
      authority.notAfter === undefined ? Infinity : authority.notAfter - now,
    );
    if (target.format === 'opaque') return this.opaque(row, target.scope, target.audience, lifetimeSeconds, now);
    if (!algorithmsUnder(client.securityProfile, [target.algorithm]).includes(target.algorithm))
      throw new OAuthError(
        'invalid_target',
        'The security profile of this client does not allow the signature algorithm of this resource.',
        { reason: 'resource.algorithm' },
      );
    const expiresAt = addSeconds(now, lifetimeSeconds);
    const claims = accessTokenClaims({
      issuer: this.settings.issuer,
      // The client can read it: it must not learn there what is kept from it elsewhere.
      subject: authority.userId === undefined ? client.id : await this.subjects.of(client, authority.userId),
      audience: target.audience,
      clientId: authority.clientId,
      scope: target.scope,
      id: row.selector.toString(36),
      now,
      expiresAt,
      authTime: authority.authTime,
      acr: authority.acr,
      amr: authority.amr,
      dpopJkt: authority.dpopJkt,
      act: authority.act,
    });
    // RFC 9068 2.1
    const text = await this.signer.sign(target.algorithm, 'at+jwt', claims, now);
    return { row, text, scope: target.scope, audience: target.audience, lifetimeSeconds, expiresAt };
  }

  private opaque(
    row: Token,
    scope: Scope,
    audience: readonly string[],
    lifetimeSeconds: number,
    now: EpochSeconds,
  ): SignedAccessToken {
    return {
      row,
      text: formatToken(row),
      scope,
      audience,
      lifetimeSeconds,
      expiresAt: addSeconds(now, lifetimeSeconds),
    };
  }
}

/** What both statements insert, in the order of their columns. */
function rowOf(authority: Authority, access: SignedAccessToken, now: EpochSeconds): SqlValue[] {
  return [
    access.row.selector,
    sha256(access.row.verifier),
    authority.grant ?? null,
    authority.clientId,
    authority.userId ?? null,
    formatScope(access.scope),
    now,
    access.expiresAt,
    access.audience.length === 0 ? null : JSON.stringify(access.audience),
    authority.dpopJkt ?? null,
    authority.act === undefined ? null : JSON.stringify(authority.act),
  ];
}

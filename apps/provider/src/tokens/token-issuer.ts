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
  type AuthorizedGrant,
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

/** An access token that is signed but not stored: it is not valid until it is. */
export interface SignedAccessToken {
  /**
   * Its selector and verifier. The verifier of a JWT is not disclosed, so it cannot be presented as an opaque token.
   */
  readonly row: Token;
  /** The value for the client. */
  readonly text: string;
  /** The part of the granted scope that it is for. */
  readonly scope: Scope;
  /** Identifiers of resources; empty: this server's own endpoints. */
  readonly audience: readonly string[];
  readonly lifetimeSeconds: number;
  readonly expiresAt: EpochSeconds;
}

/** Tokens that are signed but not stored: they are not valid until they are. */
export interface PreparedTokens {
  readonly authorizedGrant: AuthorizedGrant;
  readonly access: SignedAccessToken;
  /** A new refresh token. */
  readonly refresh: Token | undefined;
  /** When the refresh token of the response, new or existing, expires; undefined if the response has none. */
  readonly refreshExpiresAt: EpochSeconds | undefined;
  /**
   * The key that the refresh token is bound to. For a confidential client, its credentials bind it already (RFC 9449
   * 5).
   */
  readonly refreshJkt: string | undefined;
  /** The JSON body of the response. */
  readonly body: string;
}

/** The time and the condition of storing tokens. */
export interface StoringContext {
  readonly now: EpochSeconds;
  /** The access token is only stored if the client's credentials have this version; undefined for no condition. */
  readonly credentialsVersion: number | undefined;
}

/** Tokens in a response of the authorization endpoint. */
export interface FrontChannelTokens {
  readonly access: SignedAccessToken | undefined;
  readonly idToken: string | undefined;
}

/** Issues access, refresh and ID tokens for an authorized grant. */
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

  /** Creates and signs the tokens, outside of any unit of work. */
  async prepare(authorizedGrant: AuthorizedGrant, client: Client, now: EpochSeconds): Promise<PreparedTokens> {
    const access = await this.createAccessToken(authorizedGrant, client, now);
    const issuesRefresh =
      authorizedGrant.grant !== undefined &&
      authorizedGrant.mayRefresh &&
      refreshAllowed(client, authorizedGrant.refreshScope ?? authorizedGrant.scope);
    const refresh = issuesRefresh && authorizedGrant.keptRefreshToken === undefined ? this.newToken() : undefined;
    const body = tokenResponse({
      accessToken: access.text,
      expiresInSeconds: access.lifetimeSeconds,
      scope: access.scope,
      // RFC 6749 6 allows a response to omit a token that stays valid, but some clients then discard theirs.
      refreshToken: refresh ? formatToken(refresh) : issuesRefresh ? authorizedGrant.keptRefreshToken : undefined,
      dpopJkt: authorizedGrant.dpopJkt,
      issuedTokenType: authorizedGrant.issuedTokenType,
      idToken: await this.idTokens.sign(authorizedGrant, client, { accessToken: access.text }, now),
    });
    const refreshJkt = client.type === 'public' ? authorizedGrant.dpopJkt : undefined;
    const refreshExpiresAt = issuesRefresh
      ? refreshTokenExpiry(authorizedGrant.grantedAt ?? now, now, this.settings)
      : undefined;
    return { authorizedGrant, access, refresh, refreshExpiresAt, refreshJkt, body: JSON.stringify(body) };
  }

  /**
   * Stores them with their grant. The unit of work fails with ConcurrencyConflict if the grant ended, or if the
   * client's credentials no longer have this version ({@link isClientChanged}).
   */
  store(unit: Unit, prepared: PreparedTokens, { now, credentialsVersion }: StoringContext): void {
    const { authorizedGrant, access, refresh, refreshExpiresAt } = prepared;
    const { expiresAt } = access;
    if (authorizedGrant.grant !== undefined) {
      const usableUntil = refreshExpiresAt !== undefined && refreshExpiresAt > expiresAt ? refreshExpiresAt : expiresAt;
      this.grants.use(unit, authorizedGrant.grant, usableUntil, now);
    }
    if (credentialsVersion === undefined) this.storeAccess(unit, authorizedGrant, access, now);
    else
      unit.expectChange(
        accessTokenStatements.insertOfClient,
        ...rowOf(authorizedGrant, access, now),
        credentialsVersion,
      );
    if (refresh && refreshExpiresAt !== undefined && authorizedGrant.grant !== undefined)
      unit.write(
        refreshTokenStatements.insert,
        refresh.selector,
        sha256(refresh.verifier),
        authorizedGrant.grant,
        authorizedGrant.clientId,
        formatScope(authorizedGrant.refreshScope ?? authorizedGrant.scope),
        now,
        refreshExpiresAt,
        prepared.refreshJkt ?? null,
      );
  }

  /**
   * Whether a unit of work was rolled back because the client's credentials did not have the version passed to {@link
   * store}.
   */
  isClientChanged(thrown: unknown): boolean {
    return thrown instanceof ConcurrencyConflict && thrown.statement === accessTokenStatements.insertOfClient;
  }

  /** Signs the tokens of a response of the authorization endpoint; {@link storeAccess} stores them. */
  async prepareFrontChannel(
    authorizedGrant: AuthorizedGrant,
    client: Client,
    response: {
      readonly returns: ResponseContents;
      readonly code: string | undefined;
      readonly state: string | undefined;
    },
    now: EpochSeconds,
  ): Promise<FrontChannelTokens> {
    const access = response.returns.accessToken
      ? await this.createAccessToken(authorizedGrant, client, now)
      : undefined;
    return {
      access,
      idToken: response.returns.idToken
        ? await this.idTokens.sign(
            authorizedGrant,
            client,
            { accessToken: access?.text, code: response.code, state: response.state },
            now,
          )
        : undefined,
    };
  }

  /** Stores only an access token. The caller ensures that its grant is active. */
  storeAccess(unit: Unit, authorizedGrant: AuthorizedGrant, access: SignedAccessToken, now: EpochSeconds): void {
    unit.write(accessTokenStatements.insert, ...rowOf(authorizedGrant, access, now));
  }

  private newToken(): Token {
    return { selector: this.selectors.next(), verifier: newSecret() };
  }

  /**
   * Opaque for this server's own endpoints, in the API's format for an API (RFC 9068, RFC 8707).
   * @throws OAuthError invalid_target for a resource that does not exist or is not allowed, or resources that cannot
   *   share a token
   */
  private async createAccessToken(
    authorizedGrant: AuthorizedGrant,
    client: Client,
    now: EpochSeconds,
  ): Promise<SignedAccessToken> {
    const row = { selector: this.selectors.next(), verifier: newSecret() };
    const requested = authorizedGrant.resources ?? [];
    checkResourcesAllowed(client, requested);
    if (requested.length === 0)
      return this.opaque(row, authorizedGrant.scope, [], this.settings.accessTokenLifetimeSeconds, now);
    const target = targetOf(await this.resources.getAll(requested), authorizedGrant.scope);
    const lifetimeSeconds = Math.min(
      target.lifetimeSeconds ?? this.settings.accessTokenLifetimeSeconds,
      authorizedGrant.notAfter === undefined ? Infinity : authorizedGrant.notAfter - now,
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
      // The client can read the token, so it contains the same pairwise subject as elsewhere.
      subject:
        authorizedGrant.userId === undefined ? client.id : await this.subjects.of(client, authorizedGrant.userId),
      audience: target.audience,
      clientId: authorizedGrant.clientId,
      scope: target.scope,
      id: row.selector.toString(36),
      now,
      expiresAt,
      authTime: authorizedGrant.authTime,
      acr: authorizedGrant.acr,
      amr: authorizedGrant.amr,
      dpopJkt: authorizedGrant.dpopJkt,
      act: authorizedGrant.act,
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

/** The values for both insert statements, in the order of their columns. */
function rowOf(authorizedGrant: AuthorizedGrant, access: SignedAccessToken, now: EpochSeconds): SqlValue[] {
  return [
    access.row.selector,
    sha256(access.row.verifier),
    authorizedGrant.grant ?? null,
    authorizedGrant.clientId,
    authorizedGrant.userId ?? null,
    formatScope(access.scope),
    now,
    access.expiresAt,
    access.audience.length === 0 ? null : JSON.stringify(access.audience),
    authorizedGrant.dpopJkt ?? null,
    authorizedGrant.act === undefined ? null : JSON.stringify(authorizedGrant.act),
  ];
}

import { Inject, Injectable } from '@nestjs/common';
import { addSeconds, formatToken, sha256, type EpochSeconds, type Token } from '@gatehouse/domain/kernel';
import {
  accessTokenClaims,
  algorithmsUnder,
  checkResourcesAllowed,
  formatScope,
  OAuthError,
  targetOf,
  type Authority,
  type Client,
  type Scope,
} from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/server/database/store';
import { newSecret, SelectorSource } from '@gatehouse/server/secrets/random';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { JwtSigner } from '../keys/jwt-signer.js';
import { Subjects } from '../clients/subjects.service.js';
import { ResourcesService } from '../resources/resources.service.js';
import { accessTokenStatements } from './token.statements.js';

/** An access token that is made and signed, but not stored: until it is, it is worth nothing. */
export interface MadeAccessToken {
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

/** Makes access tokens: opaque for our own endpoints, for an API as that takes them (RFC 9068, RFC 8707). */
@Injectable()
export class AccessTokenMaker {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(Subjects) private readonly subjects: Subjects,
    @Inject(JwtSigner) private readonly signer: JwtSigner,
  ) {}

  /** @throws OAuthError invalid_target for a resource that is gone or not the client's, or resources that cannot share a token */
  async make(authority: Authority, client: Client, now: EpochSeconds): Promise<MadeAccessToken> {
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

  /** That the grant lives is for the caller to know. */
  store(unit: Unit, authority: Authority, token: MadeAccessToken, now: EpochSeconds): void {
    unit.write(
      accessTokenStatements.insert,
      token.row.selector,
      sha256(token.row.verifier),
      authority.grant ?? null,
      authority.clientId,
      authority.userId ?? null,
      formatScope(token.scope),
      now,
      token.expiresAt,
      token.audience.length === 0 ? null : JSON.stringify(token.audience),
      authority.dpopJkt ?? null,
      authority.act === undefined ? null : JSON.stringify(authority.act),
    );
  }

  private opaque(
    row: Token,
    scope: Scope,
    audience: readonly string[],
    lifetimeSeconds: number,
    now: EpochSeconds,
  ): MadeAccessToken {
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

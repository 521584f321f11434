import { Inject, Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import {
  epochSeconds,
  equalInConstantTime,
  parseSelector,
  parseToken,
  sha256,
  type EpochSeconds,
  type Selector,
} from '@gatehouse/domain/kernel';
import { parseScope, type Actor, type ClaimsRequest, type Scope } from '@gatehouse/domain/oauth';
import { Store, type Unit } from '@gatehouse/platform/database/store';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { authTimeOf } from '../grants/grant.js';
import type { GrantListQuery } from '../grants/grant-list.js';
import { JwtSigner } from '../keys/jwt-signer.js';
import { ClientsService } from '../clients/clients.service.js';
import { listStart } from '../database/list-order.js';
import { LastUse } from '../database/last-use.js';
import { Sweeper, type PurgeStep } from '../database/sweep.js';
import { accessTokenStatements, type AccessTokenRow } from './token.statements.js';

/** An active access token, without its value. */
export interface AccessToken {
  readonly selector: Selector;
  readonly grantSelector: Selector | undefined;
  readonly clientId: string;
  readonly userId: string | undefined;
  readonly scope: Scope;
  /** Identifiers of the APIs that it is for; empty: this server's own endpoints. */
  readonly audience: readonly string[];
  /** Thumbprint of the key that it is bound to. */
  readonly dpopJkt: string | undefined;
  readonly issuedAt: EpochSeconds;
  readonly expiresAt: EpochSeconds;
  readonly lastUsedAt: EpochSeconds | undefined;
  /** The claims that the grant's request asked for in addition to the scope; only set for a presented token. */
  readonly claims: ClaimsRequest | undefined;
  /** How and when the user logged in; only set for a presented token. */
  readonly acr: string | undefined;
  readonly authTime: EpochSeconds | undefined;
  /** The actor, who acts for the user (RFC 8693 4.1). */
  readonly act: Actor | undefined;
}

const coalesceSeconds = 60;
/** The maximum number of uses recorded every two seconds; with more, some are recorded later. */
const maxRecordedUses = 1_000;

/** Owns access tokens: finds, lists and revokes them. They are issued by the TokenIssuer of this module. */
@Injectable()
export class AccessTokensService implements OnModuleInit, BeforeApplicationShutdown {
  private readonly sweeper = new Sweeper(accessTokenStatements.purge);

  private readonly uses: LastUse<Selector>;

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(JwtSigner) private readonly signer: JwtSigner,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    this.uses = new LastUse(store, accessTokenStatements.use, maxRecordedUses);
  }

  /** Revokes the tokens that a client obtained on its own behalf; all others end with their grant. */
  onModuleInit(): void {
    const revokeOwn = async (unit: Unit, clientId: string, now: EpochSeconds): Promise<void> =>
      void (await unit.change(accessTokenStatements.revokeOfClient, clientId, now));
    this.clients.addListener({ clientEnded: revokeOwn, ownTokensEnded: revokeOwn });
  }

  /** The active token with this value; undefined if it is unknown, forged, expired or revoked. */
  async findActive(text: string, now: EpochSeconds): Promise<AccessToken | undefined> {
    const token = parseToken(text);
    if (!token) return undefined;
    const row = await this.store.one<AccessTokenRow>(accessTokenStatements.findLive, token.selector, now);
    if (!row || !equalInConstantTime(row.verifier_hash, sha256(token.verifier))) return undefined;
    return toAccessToken(row);
  }

  /**
   * The active token with this value, opaque or a JWT of this server (RFC 9068). A JWT depends on its grant too: a
   * valid signature does not make a revoked token active.
   */
  async findActiveOfAnyFormat(text: string, now: EpochSeconds): Promise<AccessToken | undefined> {
    if (!text.includes('.', text.indexOf('.') + 1)) return this.findActive(text, now);
    const claims = await this.signer.verify(text, 'at+jwt');
    const selector = parseSelector(claims?.['jti']);
    if (claims?.['iss'] !== this.settings.issuer || selector === undefined) return undefined;
    const token = await this.findBySelector(selector, now);
    return token && token.audience.length > 0 ? token : undefined;
  }

  /** Records its use, at most once a minute. */
  noteUse(token: AccessToken, now: EpochSeconds): void {
    if (token.lastUsedAt === undefined || token.lastUsedAt <= now - coalesceSeconds)
      this.uses.note(token.selector, now);
  }

  /** Writes recorded uses before the store is closed. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.uses.flush();
  }

  /** Active tokens, newest first by default. */
  async list(query: GrantListQuery, now: EpochSeconds): Promise<{ tokens: AccessToken[]; more: boolean }> {
    const { order = 'newest' } = query;
    const before = query.before ?? listStart[order];
    const limit = query.limit + 1;
    const { listOfUser, listOfClient, list } = accessTokenStatements;
    const rows =
      query.userId !== undefined
        ? await this.store.all<AccessTokenRow>(listOfUser[order], before, now, limit, query.userId)
        : query.clientId !== undefined
          ? await this.store.all<AccessTokenRow>(listOfClient[order], before, now, limit, query.clientId)
          : await this.store.all<AccessTokenRow>(list[order], before, now, limit);
    return { tokens: rows.slice(0, query.limit).map(toAccessToken), more: rows.length > query.limit };
  }

  /** An active token by its selector, for a page that lists it. */
  async findBySelector(selector: Selector, now: EpochSeconds): Promise<AccessToken | undefined> {
    const row = await this.store.one<AccessTokenRow>(accessTokenStatements.findLive, selector, now);
    return row && toAccessToken(row);
  }

  /** Whether a token and its grant are active, read in this unit of work. */
  async isActive(unit: Unit, selector: Selector, now: EpochSeconds): Promise<boolean> {
    return (await unit.one(accessTokenStatements.findLive, selector, now)) !== undefined;
  }

  async revokeBySelector(unit: Unit, selector: Selector, now: EpochSeconds): Promise<boolean> {
    return (await unit.change(accessTokenStatements.revoke, selector, now)) === 1;
  }

  /** Revokes the tokens that a client obtained on its own behalf. */
  async revokeOfClient(unit: Unit, clientId: string, now: EpochSeconds): Promise<number> {
    return unit.change(accessTokenStatements.revokeOfClient, clientId, now);
  }

  /** Runs one step of the purge. */
  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<PurgeStep> {
    return this.sweeper.step(unit, now);
  }
}

const noAudience: readonly string[] = [];

function toAccessToken(row: AccessTokenRow): AccessToken {
  return {
    selector: row.selector as Selector,
    grantSelector: row.grant_selector === null ? undefined : (row.grant_selector as Selector),
    clientId: row.client_id,
    userId: row.user_id ?? undefined,
    scope: parseScope(row.scope),
    acr: row.acr ?? undefined,
    authTime: row.auth_time === undefined || row.auth_time === null ? undefined : authTimeOf(row.auth_time),
    audience: row.audience === null ? noAudience : (JSON.parse(row.audience) as string[]),
    dpopJkt: row.dpop_jkt ?? undefined,
    act: row.act === null ? undefined : (JSON.parse(row.act) as Actor),
    issuedAt: epochSeconds(row.issued_at),
    expiresAt: epochSeconds(row.expires_at),
    lastUsedAt: row.last_used_at === null ? undefined : epochSeconds(row.last_used_at),
    // Written with the grant from a validated request.
    claims: row.claims ? (JSON.parse(row.claims) as ClaimsRequest) : undefined,
  };
}

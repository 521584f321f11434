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

/** A live access token. Never its value. */
export interface AccessToken {
  readonly selector: Selector;
  readonly grantSelector: Selector | undefined;
  readonly clientId: string;
  readonly userId: string | undefined;
  readonly scope: Scope;
  /** Identifiers of the APIs that it is for; empty: our own endpoints. */
  readonly audience: readonly string[];
  /** Thumbprint of the key that it is bound to. */
  readonly dpopJkt: string | undefined;
  readonly issuedAt: EpochSeconds;
  readonly expiresAt: EpochSeconds;
  readonly lastUsedAt: EpochSeconds | undefined;
  /** What its grant's request asked for beside the scope; of a token that was presented alone. */
  readonly claims: ClaimsRequest | undefined;
  /** How its person logged in, and when; of a token that was presented alone. */
  readonly acr: string | undefined;
  readonly authTime: EpochSeconds | undefined;
  /** Who acts for the person (RFC 8693 4.1). */
  readonly act: Actor | undefined;
}

const coalesceSeconds = 60;
/** Every two seconds: where more tokens than that are in use, some are noted later than others. */
const maxUsesNoted = 1_000;

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
    this.uses = new LastUse(store, accessTokenStatements.use, maxUsesNoted);
  }

  /** Tokens with a grant end with it; a client's own end here. */
  onModuleInit(): void {
    const revokeOwn = async (unit: Unit, clientId: string, now: EpochSeconds): Promise<void> =>
      void (await unit.change(accessTokenStatements.revokeOfClient, clientId, now));
    this.clients.addListener({ clientEnded: revokeOwn, ownTokensEnded: revokeOwn });
  }

  /** The live token that this text is, or undefined: unknown, forged, expired and revoked look the same. */
  async findLive(text: string, now: EpochSeconds): Promise<AccessToken | undefined> {
    const token = parseToken(text);
    if (!token) return undefined;
    const row = await this.store.one<AccessTokenRow>(accessTokenStatements.findLive, token.selector, now);
    if (!row || !equalInConstantTime(row.verifier_hash, sha256(token.verifier))) return undefined;
    return toAccessToken(row);
  }

  /**
   * The live token that this text is, opaque or a JWT of ours (RFC 9068): a JWT belongs to its grant too, and what was
   * revoked is not alive because its signature is good.
   */
  async findLiveOfAnyFormat(text: string, now: EpochSeconds): Promise<AccessToken | undefined> {
    if (!text.includes('.', text.indexOf('.') + 1)) return this.findLive(text, now);
    const claims = await this.signer.verify(text, 'at+jwt');
    const selector = parseSelector(claims?.['jti']);
    if (claims?.['iss'] !== this.settings.issuer || selector === undefined) return undefined;
    const token = await this.findBySelector(selector, now);
    return token && token.audience.length > 0 ? token : undefined;
  }

  /** Notes that it was used, at most once a minute. */
  noteUse(token: AccessToken, now: EpochSeconds): void {
    if (token.lastUsedAt === undefined || token.lastUsedAt <= now - coalesceSeconds)
      this.uses.note(token.selector, now);
  }

  /** What was noted is written before the store is closed. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.uses.flush();
  }

  /** Live tokens, the newest first. */
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

  /** A live token by its selector, for a page that lists it. */
  async findBySelector(selector: Selector, now: EpochSeconds): Promise<AccessToken | undefined> {
    const row = await this.store.one<AccessTokenRow>(accessTokenStatements.findLive, selector, now);
    return row && toAccessToken(row);
  }

  /** Whether a token and its grant live, as this unit sees them. */
  async isLive(unit: Unit, selector: Selector, now: EpochSeconds): Promise<boolean> {
    return (await unit.one(accessTokenStatements.findLive, selector, now)) !== undefined;
  }

  async revokeBySelector(unit: Unit, selector: Selector, now: EpochSeconds): Promise<boolean> {
    return (await unit.change(accessTokenStatements.revoke, selector, now)) === 1;
  }

  /** Tokens that a client got for itself. */
  async revokeOfClient(unit: Unit, clientId: string, now: EpochSeconds): Promise<number> {
    return unit.change(accessTokenStatements.revokeOfClient, clientId, now);
  }

  /** A step of the purge. */
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
    // Written with the grant from a checked request.
    claims: row.claims ? (JSON.parse(row.claims) as ClaimsRequest) : undefined,
  };
}

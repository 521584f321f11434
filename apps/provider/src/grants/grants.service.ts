import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { epochSeconds, type EpochSeconds, type Selector } from '@gatehouse/domain/kernel';
import { formatScope, parseScope, type ClaimsRequest, type Scope, type TrustedIssuer } from '@gatehouse/domain/oauth';
import { Store, type Unit } from '@gatehouse/platform/database/store';
import { SelectorSource } from '@gatehouse/platform/secrets/random';
import { ClientsService } from '../clients/clients.service.js';
import { SessionsService } from '../users/sessions/sessions.service.js';
import { TrustedIssuers } from '../trusted-issuers/trusted-issuers.service.js';
import { UsersService } from '../users/users.service.js';
import { listStart } from '../database/list-order.js';
import { Sweeper, type PurgeStep } from '../database/sweep.js';
import type { GrantListQuery } from './grant-list.js';
import { authTimeOf, unknownAuthTime, type Grant } from './grant.js';
import { grantStatements, type GrantRow } from './grant.statements.js';

export interface NewGrant {
  readonly clientId: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly scope: Scope;
  readonly resources: readonly string[];
  readonly authTime: EpochSeconds;
  readonly amr: readonly string[];
  readonly acr: string | undefined;
  readonly claims: ClaimsRequest | undefined;
  readonly expiresAt: EpochSeconds;
  /** True for a grant that is offline even without `offline_access`, because it does not belong to the browser. */
  readonly outlivesSession?: boolean | undefined;
}

/** A grant for another issuer's assertion, without a session. */
export type NewGrantAlone = Pick<NewGrant, 'clientId' | 'userId' | 'scope' | 'resources' | 'expiresAt'> &
  Pick<Grant, 'authTime'> & {
    /** As it was when it accepted the assertion. */
    readonly trustedIssuer: Pick<TrustedIssuer, 'id' | 'issuer' | 'jwks' | 'jwksUri'>;
  };

/** Owns completed authorizations. One UPDATE revokes a grant with its code and all of its tokens. */
@Injectable()
export class GrantsService implements OnModuleInit {
  private readonly sweeper = new Sweeper(grantStatements.purge);
  private readonly sessionClientsSweeper = new Sweeper(grantStatements.purgeSessionClients);

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(TrustedIssuers) private readonly issuers: TrustedIssuers,
  ) {}

  /** Revokes grants when their session, user, client or trusted issuer ends. */
  onModuleInit(): void {
    this.sessions.addListener({
      sessionEnded: async (unit, { id }, now) => void (await unit.change(grantStatements.revokeOfSession, id, now)),
    });
    this.users.addListener({
      signedOutEverywhere: async (unit, userId, { offline, keepSessionId }, now) => {
        // Grants that depend on a session have ended with it.
        if (!offline) return 0;
        return keepSessionId === undefined
          ? this.revokeOfUser(unit, userId, now)
          : this.revokeOfflineOfUser(unit, userId, now);
      },
    });
    const revokeOfClient = async (unit: Unit, clientId: string, now: EpochSeconds): Promise<void> =>
      void (await this.revokeOfClient(unit, clientId, now));
    // Otherwise tokens would act for an identity to which nobody consented.
    this.clients.addListener({
      clientEnded: revokeOfClient,
      clientIdentityChanged: revokeOfClient,
      // No user authorized them: they depend on the client's rights alone, as the tokens that it obtains for itself.
      ownTokensEnded: async (unit, clientId, now) =>
        void (await unit.change(grantStatements.revokeAloneOfClient, clientId, now)),
      administrationChanged: async (unit, { clientId, scopes }, now) => {
        for (const scope of scopes)
          await unit.change(grantStatements.revokeOfClientAndScope, clientId, now, `% ${scope} %`);
      },
    });
    this.issuers.addListener({
      issuerEnded: async (unit, issuerId, now) =>
        void (await unit.change(grantStatements.revokeOfIssuer, issuerId, now)),
      clientRemoved: async (unit, { issuerId, clientId }, now) =>
        void (await unit.change(grantStatements.revokeOfIssuerAndClient, issuerId, clientId, now)),
    });
  }

  /** Rolls the unit of work back with ConcurrencyConflict if the session has ended since. */
  create(unit: Unit, grant: NewGrant, now: EpochSeconds): Selector {
    const selector = this.selectors.next();
    unit.expectChange(
      grantStatements.insert,
      selector,
      grant.clientId,
      grant.userId,
      grant.sessionId,
      formatScope(grant.scope),
      grant.outlivesSession === true || grant.scope.includes('offline_access') ? 1 : 0,
      grant.authTime,
      JSON.stringify(grant.amr),
      grant.acr ?? null,
      now,
      now,
      grant.expiresAt,
      grant.claims === undefined ? null : JSON.stringify(grant.claims),
      grant.resources.length === 0 ? null : JSON.stringify(grant.resources),
    );
    this.clients.noteUse(grant.clientId, now);
    return selector;
  }

  /** Whether the user has a grant for this client, active or not purged yet. */
  async hasAny(userId: string, clientId: string): Promise<boolean> {
    return (await this.store.one(grantStatements.ofBoth, userId, clientId)) !== undefined;
  }

  /** A selector for {@link createAlone}: tokens of the grant are created before it is stored. */
  newSelector(): Selector {
    return this.selectors.next();
  }

  /**
   * Creates a grant without a session, for another issuer's assertion. ConcurrencyConflict if the user is disabled or gone, or
   * if the issuer was removed, got other keys or another name, or does not allow the client any more.
   */
  createAlone(unit: Unit, selector: Selector, grant: NewGrantAlone, now: EpochSeconds): void {
    const { trustedIssuer: issuer } = grant;
    unit.expectChange(
      grantStatements.insertAlone,
      selector,
      grant.clientId,
      grant.userId,
      formatScope(grant.scope),
      grant.authTime ?? unknownAuthTime,
      now,
      grant.expiresAt,
      grant.resources.length === 0 ? null : JSON.stringify(grant.resources),
      issuer.id,
      issuer.issuer,
      issuer.jwksUri ?? '',
      // As its column stores them.
      issuer.jwks === undefined ? '' : JSON.stringify(issuer.jwks),
      JSON.stringify(grant.clientId),
    );
    this.clients.noteUse(grant.clientId, now);
  }

  async findActive(selector: Selector, now: EpochSeconds): Promise<Grant | undefined> {
    const row = await this.store.one<GrantRow>(grantStatements.findLive, selector, now);
    return row ? toGrant(row) : undefined;
  }

  /** Records a use and extends the grant to at least `expiresAt`. ConcurrencyConflict if it has been revoked since. */
  use(unit: Unit, selector: Selector, expiresAt: EpochSeconds, now: EpochSeconds): void {
    unit.expectChange(grantStatements.use, selector, now, expiresAt);
  }

  /** True if it was not revoked before. */
  async revoke(unit: Unit, selector: Selector, now: EpochSeconds): Promise<boolean> {
    return (await unit.change(grantStatements.revoke, selector, now)) === 1;
  }

  async revokeOfUser(unit: Unit, userId: string, now: EpochSeconds): Promise<number> {
    return unit.change(grantStatements.revokeOfUser, userId, now);
  }

  /** Revokes the grants that do not end with a session. @returns how many were not revoked before */
  async revokeOfflineOfUser(unit: Unit, userId: string, now: EpochSeconds): Promise<number> {
    return unit.change(grantStatements.revokeOfflineOfUser, userId, now);
  }

  async hasOffline(userId: string, now: EpochSeconds): Promise<boolean> {
    return (await this.store.one(grantStatements.anyOfflineOfUser, userId, now)) !== undefined;
  }

  async revokeOfClient(unit: Unit, clientId: string, now: EpochSeconds): Promise<number> {
    return unit.change(grantStatements.revokeOfClient, clientId, now);
  }

  async revokeOfUserAndClient(unit: Unit, userId: string, clientId: string, now: EpochSeconds): Promise<number> {
    return unit.change(grantStatements.revokeOfUserAndClient, userId, clientId, now);
  }

  /**
   * Ids of the clients that the user authorized in this session, with active grants or not; most recently authorized first.
   */
  async clientsOfSession(unit: Unit, sessionId: string): Promise<string[]> {
    const rows = await unit.all<{ client_id: string }>(grantStatements.clientsOfSession, sessionId);
    return rows.map((row) => row.client_id);
  }

  /** Active grants, newest first by default. */
  async list(query: GrantListQuery, now: EpochSeconds): Promise<{ grants: Grant[]; more: boolean }> {
    const { order = 'newest' } = query;
    const before = query.before ?? listStart[order];
    const limit = query.limit + 1;
    const rows =
      query.userId !== undefined
        ? await this.store.all<GrantRow>(grantStatements.listOfUser[order], before, now, limit, query.userId)
        : query.clientId !== undefined
          ? await this.store.all<GrantRow>(grantStatements.listOfClient[order], before, now, limit, query.clientId)
          : await this.store.all<GrantRow>(grantStatements.list[order], before, now, limit);
    return { grants: rows.slice(0, query.limit).map(toGrant), more: rows.length > query.limit };
  }

  /** Runs one step of the purge. A revoked grant stays until its tokens would have expired, to detect a late replay. */
  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<PurgeStep> {
    return this.sweeper.step(unit, now);
  }

  /** Runs one step of the purge of clients of deleted sessions. */
  async purgeSessionClients(unit: Unit): Promise<PurgeStep> {
    return this.sessionClientsSweeper.step(unit);
  }
}

const noResources: readonly string[] = [];

function toGrant(row: GrantRow): Grant {
  return {
    selector: row.selector as Selector,
    clientId: row.client_id,
    userId: row.user_id,
    sessionId: row.session_id ?? undefined,
    scope: parseScope(row.scope),
    resources: row.resources === null ? noResources : (JSON.parse(row.resources) as string[]),
    offline: row.is_offline === 1,
    authTime: authTimeOf(row.auth_time),
    amr: JSON.parse(row.amr) as string[],
    acr: row.acr ?? undefined,
    // Written by `create` from a checked request.
    claims: row.claims === null ? undefined : (JSON.parse(row.claims) as ClaimsRequest),
    createdAt: epochSeconds(row.created_at),
    lastUsedAt: epochSeconds(row.last_used_at),
    expiresAt: epochSeconds(row.expires_at),
  };
}

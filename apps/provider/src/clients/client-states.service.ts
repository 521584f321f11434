import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { addSeconds, epochSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { statement, type Unit } from '@gatehouse/platform/database/store';
import type { Client } from '@gatehouse/domain/oauth';
import { Repository } from 'typeorm';
import { AuditService } from '../audit/audit.service.js';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { CacheVersions } from '../database/cache-versions.service.js';
import type { PurgeStep } from '../database/sweep.js';
import { ClientEntity } from './client.entity.js';
import { undecidedCondition } from './client-row.js';
import { ClientsService } from './clients.service.js';

/** The origin and use of a client, for administrators who review it. */
export interface ClientOrigin {
  readonly source: Client['source'];
  readonly createdAt: EpochSeconds;
  readonly approvedAt: EpochSeconds | undefined;
  readonly disabledAt: EpochSeconds | undefined;
  readonly restrictedAt: EpochSeconds | undefined;
  readonly registeredAddress: string | undefined;
  /**
   * The id of an initial access token, or `setting`; undefined for open registration and for clients that were not
   * registered dynamically.
   */
  readonly registeredWith: string | undefined;
  readonly lastUsedAt: EpochSeconds | undefined;
  /**
   * When it is deleted unless it is used before; undefined for a client that an administrator approved, disabled or
   * restricted.
   */
  readonly goesAt: EpochSeconds | undefined;
}

/**
 * Disabled and restricted clients are kept: the row holds the restriction, and a metadata document that is resolved again
 * would be stored without it. Only administrators create such rows.
 */
const selectUnused = `SELECT id FROM clients
  WHERE ${undecidedCondition} AND last_used_at <= $1 AND updated_at <= $1 ORDER BY last_used_at LIMIT 100`;

const stateStatements = {
  approve: statement('clients.approve', 'UPDATE clients SET approved_at = $2 WHERE id = $1 AND approved_at IS NULL'),
  disable: statement('clients.disable', 'UPDATE clients SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL'),
  enable: statement(
    'clients.enable',
    'UPDATE clients SET disabled_at = NULL, updated_at = $2 WHERE id = $1 AND disabled_at IS NOT NULL',
  ),
  restrict: statement('clients.limit', 'UPDATE clients SET limited_at = $2 WHERE id = $1 AND limited_at IS NULL'),
  unrestrict: statement(
    'clients.unlimit',
    'UPDATE clients SET limited_at = NULL, updated_at = $2 WHERE id = $1 AND limited_at IS NOT NULL',
  ),
  unused: statement('clients.unused', `${selectUnused} FOR UPDATE SKIP LOCKED`, { sqlite: selectUnused }),
  expire: statement('clients.expire', 'DELETE FROM clients WHERE id = $1'),
};

/**
 * `approve`: the consent page shows no warning, and the client is kept when unused. `restrict`: it can only sign users in.
 * `disable`: no sign-ins and no tokens.
 */
export const clientDecisions = ['approve', 'restrict', 'unrestrict', 'disable', 'enable'] as const;
export type ClientDecision = (typeof clientDecisions)[number];

const purgeBatchSize = 100;

/** Owns the state of stored clients: approved, restricted, disabled, or deleted when unused. */
@Injectable()
export class ClientStates {
  constructor(
    @InjectRepository(ClientEntity) private readonly rows: Repository<ClientEntity>,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(CacheVersions) private readonly versions: CacheVersions,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  async origin(id: string): Promise<ClientOrigin | undefined> {
    const row = await this.rows.findOneBy({ id });
    if (!row) return undefined;
    const usedAt = Math.max(row.lastUsedAt ?? row.createdAt, row.updatedAt);
    const isUndecided = row.approvedAt === null && row.disabledAt === null && row.restrictedAt === null;
    return {
      source: row.source as Client['source'],
      createdAt: epochSeconds(row.createdAt),
      approvedAt: instant(row.approvedAt),
      disabledAt: instant(row.disabledAt),
      restrictedAt: instant(row.restrictedAt),
      registeredAddress: row.registeredAddress ?? undefined,
      registeredWith: row.registeredWith ?? undefined,
      // A registered client starts with the time of its registration, which does not count as a use.
      lastUsedAt: row.lastUsedAt === row.createdAt ? undefined : instant(row.lastUsedAt),
      goesAt: isUndecided
        ? addSeconds(epochSeconds(usedAt), this.settings.registrationUnusedLifetimeSeconds)
        : undefined,
    };
  }

  /**
   * Applies a decision. Unless it is an approval, the client's grants are revoked, also when a restriction is lifted: a
   * process with an outdated cache may have issued some. The lifetime of an unused, unapproved client starts again.
   * @returns false when the client was already in this state
   */
  async set(unit: Unit, id: string, decision: ClientDecision, now: EpochSeconds): Promise<boolean> {
    if ((await unit.change(stateStatements[decision], id, now)) !== 1) return false;
    if (decision !== 'approve') await this.clients.end(unit, id, now);
    await this.versions.bump(unit, 'clients');
    return true;
  }

  /** The origins of these clients, by id. */
  async originsOf(ids: readonly string[]): Promise<ReadonlyMap<string, ClientOrigin>> {
    const origins = new Map<string, ClientOrigin>();
    for (const id of ids) {
      const origin = await this.origin(id);
      if (origin) origins.set(id, origin);
    }
    return origins;
  }

  /** One step of the purge: clients that no administrator decided about and that were not used or changed for long. */
  async purgeUnused(unit: Unit, now: EpochSeconds): Promise<PurgeStep> {
    const before = addSeconds(now, -this.settings.registrationUnusedLifetimeSeconds);
    const unused = await unit.all<{ id: string }>(stateStatements.unused, before);
    for (const { id } of unused) {
      await this.clients.end(unit, id, now);
      await unit.change(stateStatements.expire, id);
      await this.audit.record(unit, { type: 'client.expired', actorId: null, clientId: id });
    }
    if (unused.length > 0) await this.versions.bump(unit, 'clients');
    return { deleted: unused.length, more: unused.length === purgeBatchSize };
  }
}

function instant(value: number | null): EpochSeconds | undefined {
  return value === null ? undefined : epochSeconds(value);
}

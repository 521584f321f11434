import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { epochSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import {
  allowScopes,
  isServerScope,
  nothingAllowed,
  type AllowedScopes,
  type RequestedScopes,
} from '@gatehouse/domain/oauth';
import { Store, statement, type Unit } from '@gatehouse/platform/database/store';
import { Repository } from 'typeorm';
import { ClientUsage } from '../clients/client-usage.js';
import { ClientsService } from '../clients/clients.service.js';
import { CreatedViaClients } from '../clients/created-via-clients.service.js';
import { GrantsService } from '../grants/grants.service.js';
import type { Consent } from './consent.js';
import { ConsentEntity } from './consent.entity.js';

const consentStatements = {
  find: statement(
    'consents.find',
    'SELECT scope, claims, resources, resource_scopes FROM consents WHERE user_id = $1 AND client_id = $2',
  ),
  begin: statement(
    'consents.begin',
    `INSERT INTO consents (user_id, client_id, scope, claims, resources, created_at, updated_at)
     VALUES ($1, $2, '[]', '[]', '[]', $3, $3)
     ON CONFLICT (user_id, client_id) DO NOTHING`,
  ),
  /** Locked until the unit of work ends, so that concurrent consents in two tabs both take effect. */
  lock: statement(
    'consents.lock',
    'SELECT scope, claims, resources, resource_scopes FROM consents WHERE user_id = $1 AND client_id = $2 FOR UPDATE',
    {
      sqlite: 'SELECT scope, claims, resources, resource_scopes FROM consents WHERE user_id = $1 AND client_id = $2',
    },
  ),
  record: statement(
    'consents.record',
    `UPDATE consents SET scope = $3, claims = $4, updated_at = $5, resources = '[]', resource_scopes = $6
     WHERE user_id = $1 AND client_id = $2`,
  ),
};

interface ConsentRow {
  scope: string;
  claims: string;
  resources: string;
  resource_scopes: string;
}

/** What a user allowed a client. */
export type AllowedAccess = Pick<Consent, 'scope' | 'claims' | 'resourceScopes'>;

/** Owns consents. */
@Injectable()
export class ConsentsService implements OnModuleInit {
  constructor(
    @InjectRepository(ConsentEntity) private readonly consents: Repository<ConsentEntity>,
    @Inject(Store) private readonly store: Store,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ClientUsage) private readonly usage: ClientUsage,
    @Inject(CreatedViaClients) private readonly created: CreatedViaClients,
  ) {}

  /** Provides the number of users of a client; deletes consents when the identity of a client changes. */
  onModuleInit(): void {
    this.clients.addListener({
      // Deleted with the client's row. Kept for a disabled or restricted client, which an administrator may restore.
      clientEnded: () => Promise.resolve(),
      clientIdentityChanged: async (unit, clientId) =>
        void (await unit.manager.getRepository(ConsentEntity).delete({ clientId })),
    });
    this.usage.setSource({
      hasUsed: async (clientId, userId) =>
        (await this.find(userId, clientId)) !== undefined || (await this.grants.hasAny(userId, clientId)),
      countPeople: (clientIds) => this.countUsers(clientIds),
    });
  }

  /** The consent; read at every authorization request, so by a prepared statement. */
  async find(userId: string, clientId: string): Promise<AllowedAccess | undefined> {
    const row = await this.store.one<ConsentRow>(consentStatements.find, userId, clientId);
    return row && parseAllowed(row);
  }

  /** Adds to the previous consent: consenting to less does not withdraw the rest. */
  async record(
    unit: Unit,
    consent: RequestedScopes & {
      readonly userId: string;
      readonly clientId: string;
      readonly claims?: readonly string[];
    },
    now: EpochSeconds,
  ): Promise<void> {
    await unit.change(consentStatements.begin, consent.userId, consent.clientId, now);
    const row = await unit.one<ConsentRow>(consentStatements.lock, consent.userId, consent.clientId);
    const before: AllowedAccess = row ? parseAllowed(row) : { ...nothingAllowed, claims: [] };
    const { scope, resourceScopes } = allowScopes(before, consent);
    const claims = [...new Set([...before.claims, ...(consent.claims ?? [])])];
    await unit.change(
      consentStatements.record,
      consent.userId,
      consent.clientId,
      JSON.stringify(scope),
      JSON.stringify(claims),
      now,
      JSON.stringify(Object.fromEntries(resourceScopes)),
    );
  }

  async listOf(userId: string): Promise<Consent[]> {
    const rows = await this.consents.find({ where: { userId }, order: { updatedAt: 'DESC' }, take: 200 });
    return rows.map((row) => ({
      userId: row.userId,
      clientId: row.clientId,
      ...allowedScopes(row),
      claims: row.claims,
      createdAt: epochSeconds(row.createdAt),
      updatedAt: epochSeconds(row.updatedAt),
    }));
  }

  /** Withdraws a consent, all grants of the user for the client, and what the client created for the user and is unused. */
  async withdraw(unit: Unit, userId: string, clientId: string, now: EpochSeconds): Promise<boolean> {
    const deleted = await unit.manager.getRepository(ConsentEntity).delete({ userId, clientId });
    const revoked = await this.grants.revokeOfUserAndClient(unit, userId, clientId, now);
    await this.created.withdraw(unit, { clientId, createdBy: userId }, now);
    return (deleted.affected ?? 0) > 0 || revoked > 0;
  }

  private async countUsers(clientIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (clientIds.length === 0) return new Map();
    const rows = await this.consents
      .createQueryBuilder('consent')
      .select('consent.clientId', 'id')
      .addSelect('COUNT(*)', 'people')
      .where('consent.clientId IN (:...clientIds)', { clientIds })
      .groupBy('consent.clientId')
      .getRawMany<{ id: string; people: number | string }>();
    return new Map(rows.map(({ id, people }) => [id, Number(people)]));
  }
}

function parseAllowed(row: ConsentRow): AllowedAccess {
  const { scope, resourceScopes } = allowedScopes({
    scope: JSON.parse(row.scope) as string[],
    resources: row.resources === '[]' ? [] : (JSON.parse(row.resources) as string[]),
    resourceScopes: row.resource_scopes === '{}' ? {} : (JSON.parse(row.resource_scopes) as Record<string, string[]>),
  });
  return { scope, resourceScopes, claims: row.claims === '[]' ? [] : (JSON.parse(row.claims) as string[]) };
}

/** The previous version stored the scopes of all APIs in one set: of such a row, only the server's own scopes count (ADR 20). */
function allowedScopes(row: Pick<ConsentEntity, 'scope' | 'resources' | 'resourceScopes'>): AllowedScopes {
  return {
    scope: row.resources.length === 0 ? row.scope : row.scope.filter(isServerScope),
    resourceScopes: new Map(Object.entries(row.resourceScopes)),
  };
}

import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { epochSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import type { Scope } from '@gatehouse/domain/oauth';
import { Store, statement, type Unit } from '@gatehouse/server/database/store';
import { Repository } from 'typeorm';
import type { Consent } from './grant.js';
import { ConsentEntity } from './grant.entity.js';
import { GrantsService } from './grants.service.js';

const consentStatements = {
  find: statement('consents.find', 'SELECT scope FROM consents WHERE user_id = $1 AND client_id = $2'),
  begin: statement(
    'consents.begin',
    `INSERT INTO consents (user_id, client_id, scope, created_at, updated_at) VALUES ($1, $2, '[]', $3, $3)
     ON CONFLICT (user_id, client_id) DO NOTHING`,
  ),
  /** Locked until the unit ends: two tabs may say yes at once, and neither scope may be lost. */
  lock: statement('consents.lock', 'SELECT scope FROM consents WHERE user_id = $1 AND client_id = $2 FOR UPDATE', {
    sqlite: 'SELECT scope FROM consents WHERE user_id = $1 AND client_id = $2',
  }),
  record: statement(
    'consents.record',
    'UPDATE consents SET scope = $3, updated_at = $4 WHERE user_id = $1 AND client_id = $2',
  ),
};

/** Owns what a user allowed a client. */
@Injectable()
export class ConsentsService {
  constructor(
    @InjectRepository(ConsentEntity) private readonly consents: Repository<ConsentEntity>,
    @Inject(Store) private readonly store: Store,
    @Inject(GrantsService) private readonly grants: GrantsService,
  ) {}

  /** What was allowed; read at every authorization request, so by a prepared statement. */
  async find(userId: string, clientId: string): Promise<{ scope: Scope } | undefined> {
    const row = await this.store.one<{ scope: string }>(consentStatements.find, userId, clientId);
    return row ? { scope: JSON.parse(row.scope) as string[] } : undefined;
  }

  /** Adds to what was allowed before: saying yes to less does not take back the rest. */
  async record(
    unit: Unit,
    consent: { userId: string; clientId: string; scope: Scope },
    now: EpochSeconds,
  ): Promise<void> {
    await unit.change(consentStatements.begin, consent.userId, consent.clientId, now);
    const before = await unit.one<{ scope: string }>(consentStatements.lock, consent.userId, consent.clientId);
    const scope = [...new Set([...(before ? (JSON.parse(before.scope) as string[]) : []), ...consent.scope])];
    await unit.change(consentStatements.record, consent.userId, consent.clientId, JSON.stringify(scope), now);
  }

  async listOf(userId: string): Promise<Consent[]> {
    const rows = await this.consents.find({ where: { userId }, order: { updatedAt: 'DESC' }, take: 200 });
    return rows.map((row) => ({
      userId: row.userId,
      clientId: row.clientId,
      scope: row.scope,
      createdAt: epochSeconds(row.createdAt),
      updatedAt: epochSeconds(row.updatedAt),
    }));
  }

  /** Takes a consent back, and ends every grant that rests on it. */
  async withdraw(unit: Unit, userId: string, clientId: string, now: EpochSeconds): Promise<boolean> {
    const gone = await unit.manager.getRepository(ConsentEntity).delete({ userId, clientId });
    const revoked = await this.grants.revokeOfUserAndClient(unit, userId, clientId, now);
    return (gone.affected ?? 0) > 0 || revoked > 0;
  }
}

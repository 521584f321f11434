import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Unit } from '@gatehouse/server/database/store';
import { AuditService, type Actor } from '../audit/audit.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { SecurityNotices } from '../users/security-notices.service.js';
import { UsersService } from '../users/users.service.js';
import { Factors } from './factors.service.js';

/** Takes a person's factors away when they lost them, or somebody else may have them. */
@Injectable()
export class FactorReset {
  constructor(
    @Inject(Factors) private readonly factors: Factors,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(AuditService) private readonly audit: AuditService,
    @Inject(SecurityNotices) private readonly notices: SecurityNotices,
  ) {}

  /**
   * Their sessions and grants end: whoever holds the lost factor may be in one, or have the device that keeps its tokens.
   * Where a role demands a factor, the next login adds one.
   */
  async reset(unit: Unit, userId: string, actor: Actor, now: EpochSeconds): Promise<void> {
    await this.users.lock(unit, userId);
    await this.factors.removeAllOf(unit, userId);
    await this.sessions.endAllOf(unit, userId, now);
    await this.users.factorsLost(unit, userId, now);
    await this.audit.record(unit, { type: 'factor.reset', ...actor, subjectId: userId });
    await this.notices.tell(unit, userId, 'factors reset', now);
  }
}

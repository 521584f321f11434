import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Unit } from '@gatehouse/server/database/store';
import { AuditService, type Actor } from '../audit/audit.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { OneTimeLinks } from '../users/one-time-links.service.js';
import { UsersService } from '../users/users.service.js';
import { GrantsService } from './grants.service.js';

/** Gives an account another password, without the old one being known. */
@Injectable()
export class PasswordRenewal {
  constructor(
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(OneTimeLinks) private readonly links: OneTimeLinks,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /** Whoever knew the old one is out: sessions, what they gave to applications (offline too), other links. */
  async renew(unit: Unit, userId: string, passwordHash: string, actor: Actor, now: EpochSeconds): Promise<void> {
    await this.users.setPassword(unit, userId, passwordHash, now);
    await this.sessions.endAllOf(unit, userId, now);
    await this.grants.revokeOfUser(unit, userId, now);
    await this.links.forgetAllOf(unit, userId);
    await this.audit.record(unit, { type: 'user.password_set', ...actor, subjectId: userId });
  }
}

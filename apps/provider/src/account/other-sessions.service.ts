import { Inject, Injectable } from '@nestjs/common';
import { Store } from '@gatehouse/server/database/store';
import { AuditService } from '../audit/audit.service.js';
import { TrustedBrowsers } from '../factors/trusted-browsers.service.js';
import { GrantsService } from '../grants/grants.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { actorOf } from '../users/actor.js';
import type { UserVisit } from '../users/visit.js';

/** What outlives the end of other sessions unless the person ends it, too. */
export interface Remaining {
  readonly hasOffline: boolean;
  readonly hasTrusted: boolean;
}

/** Ends what a person has beside the session of this browser. */
@Injectable()
export class OtherSessions {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(TrustedBrowsers) private readonly trusted: TrustedBrowsers,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  async remaining(visit: UserVisit): Promise<Remaining> {
    return {
      hasOffline: await this.grants.hasOffline(visit.user.id, visit.now),
      hasTrusted: (await this.trusted.listOf(visit, visit.user.id)).length > 0,
    };
  }

  /** @param also what ends beside the sessions */
  async end(visit: UserVisit, also: { readonly offline: boolean; readonly trusted: boolean }): Promise<void> {
    const { user, session, now } = visit;
    await this.store.run(async (unit) => {
      const ended = await this.sessions.endAllOf(unit, user.id, now, session.id);
      const by = { ...actorOf(visit), subjectId: user.id };
      await this.audit.record(unit, { type: 'session.ended', ...by, details: { ended } });
      if (also.offline) {
        const grants = await this.grants.revokeOfflineOfUser(unit, user.id, now);
        await this.audit.record(unit, { type: 'grant.revoked', ...by, details: { offline_grants_ended: grants } });
      }
      if (also.trusted) {
        await this.trusted.endAllOf(unit, user.id);
        await this.audit.record(unit, { type: 'browser.untrusted', ...by, details: { all: true } });
      }
    });
  }
}

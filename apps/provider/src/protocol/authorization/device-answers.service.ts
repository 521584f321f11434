import { Inject, Injectable } from '@nestjs/common';
import { acrOf } from '@gatehouse/domain/oauth';
import { NothingChanged, Store } from '@gatehouse/platform/database/store';
import { AuditService } from '../../audit/audit.service.js';
import { GrantsService } from '../../grants/grants.service.js';
import type { UserVisit, Visit } from '../../users/sessions/visit.js';
import { DeviceAuthorizations } from './device-authorizations.service.js';
import { deviceAuthorizationStatements } from './device-authorization.statements.js';
import type { WaitingDevice } from './kept-request.js';
import { KeptRequestsService } from './kept-requests.service.js';
import type { PendingDevice } from './pending.js';

/** What a person's answer did for a device; `late`: it had expired, or was answered before. */
export type DeviceOutcome = 'approved' | 'denied' | 'late';

/** The answers that a device's next poll finds. */
@Injectable()
export class DeviceAnswers {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(KeptRequestsService) private readonly kept: KeptRequestsService,
    @Inject(DeviceAuthorizations) private readonly devices: DeviceAuthorizations,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /**
   * The grant and its device in one unit.
   * @returns undefined when the session ended meanwhile
   */
  async approve(visit: UserVisit, { id, device }: PendingDevice): Promise<DeviceOutcome | undefined> {
    const { now, user, session } = visit;
    try {
      await this.store.run((unit) => {
        const grant = this.grants.create(
          unit,
          {
            clientId: device.clientId,
            userId: user.id,
            sessionId: session.id,
            scope: device.scope,
            resources: device.resources,
            authTime: session.authTime,
            amr: session.amr,
            acr: acrOf(session.amr),
            claims: undefined,
            // The browser is not the device: logging out here does not switch the television off.
            outlivesSession: true,
            expiresAt: device.expiresAt,
          },
          now,
        );
        this.devices.approve(unit, device.selector, grant, now);
        void this.audit.record(unit, {
          type: 'grant.created',
          actorId: user.id,
          clientId: device.clientId,
          subjectId: String(grant),
          address: visit.address,
          requestId: visit.requestId,
        });
        this.kept.answered(unit, id, visit.browser.hash, now);
      });
      return 'approved';
    } catch (error) {
      if (!(error instanceof NothingChanged)) throw error;
      return error.statement === deviceAuthorizationStatements.approve ? 'late' : undefined;
    }
  }

  async deny(visit: Visit, id: string, device: WaitingDevice): Promise<DeviceOutcome> {
    const denied = await this.store.run(async (unit) => {
      this.kept.answered(unit, id, visit.browser.hash, visit.now);
      // Once for each device: who repeats it, perhaps without having signed in, does not fill the log.
      if (!(await this.devices.deny(unit, device.selector, visit.now))) return false;
      await this.audit.record(unit, {
        type: 'consent.denied',
        actorId: visit.session?.userId,
        clientId: device.clientId,
        address: visit.address,
        requestId: visit.requestId,
      });
      return true;
    });
    return denied ? 'denied' : 'late';
  }
}

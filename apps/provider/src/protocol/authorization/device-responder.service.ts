import { Inject, Injectable } from '@nestjs/common';
import { acrOf } from '@gatehouse/domain/oauth';
import { ConcurrencyConflict, Store } from '@gatehouse/platform/database/store';
import { AuditService } from '../../audit/audit.service.js';
import { GrantsService } from '../../grants/grants.service.js';
import type { UserRequestContext, RequestContext } from '../../users/sessions/request-context.js';
import { DeviceAuthorizations } from './device-authorizations.service.js';
import { deviceAuthorizationStatements } from './device-authorization.statements.js';
import type { PendingDevice } from './interaction.js';
import { Interactions } from './interactions.service.js';
import type { CurrentDeviceInteraction } from './current-interaction.js';

/** The result of a user's decision; `late`: the device had expired or had already been decided. */
export type DeviceOutcome = 'approved' | 'denied' | 'late';

/** Records the decision that the next poll of a device returns. */
@Injectable()
export class DeviceResponder {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Interactions) private readonly interactions: Interactions,
    @Inject(DeviceAuthorizations) private readonly devices: DeviceAuthorizations,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /**
   * Stores the grant and the approval of the device in one unit of work.
   * @returns undefined when the session has ended
   */
  async approve(
    context: UserRequestContext,
    { id, device }: CurrentDeviceInteraction,
  ): Promise<DeviceOutcome | undefined> {
    const { now, user, session } = context;
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
            // The browser is not the device: a logout in the browser does not end the session of the device.
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
          address: context.address,
          requestId: context.requestId,
        });
        this.interactions.markAnswered(unit, id, context.browser.hash, now);
      });
      return 'approved';
    } catch (error) {
      if (!(error instanceof ConcurrencyConflict)) throw error;
      return error.statement === deviceAuthorizationStatements.approve ? 'late' : undefined;
    }
  }

  async deny(context: RequestContext, id: string, device: PendingDevice): Promise<DeviceOutcome> {
    const denied = await this.store.run(async (unit) => {
      this.interactions.markAnswered(unit, id, context.browser.hash, context.now);
      // Once per device: repeated requests, possibly without a sign-in, must not fill the audit log.
      if (!(await this.devices.deny(unit, device.selector, context.now))) return false;
      await this.audit.record(unit, {
        type: 'consent.denied',
        actorId: context.session?.userId,
        clientId: device.clientId,
        address: context.address,
        requestId: context.requestId,
      });
      return true;
    });
    return denied ? 'denied' : 'late';
  }
}

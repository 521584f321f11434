import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { narrowResources, OAuthError, type DeviceCodeRequest } from '@gatehouse/domain/oauth';
import { DeviceAuthorizations, type DeviceAuthorization } from '../../authorization/device-authorizations.service.js';
import { GrantsService } from '../../../grants/grants.service.js';
import type { GrantContext, GrantResult, GrantType } from './grant-type.js';

/** RFC 8628 3.4, 3.5 */
@Injectable()
export class DeviceCodeGrant implements GrantType<DeviceCodeRequest> {
  constructor(
    @Inject(DeviceAuthorizations) private readonly devices: DeviceAuthorizations,
    @Inject(GrantsService) private readonly grants: GrantsService,
  ) {}

  async validate(request: DeviceCodeRequest, { client, now }: GrantContext): Promise<GrantResult> {
    const device = await this.devices.find(request.deviceCode);
    if (!device) throw invalidGrant('device_code.unknown');
    if (device.clientId !== client.id) throw invalidGrant('device_code.other_client');
    if (device.consumedAt !== undefined) throw invalidGrant('device_code.spent');
    if (device.expiresAt <= now)
      throw new OAuthError('expired_token', 'The device code has expired: request a new one.', {
        reason: 'device_code.expired',
      });
    if (device.decidedAt === undefined) return this.pending(device, now);
    if (device.grantSelector === undefined)
      throw new OAuthError('access_denied', 'The user denied the request.', {
        reason: 'device_code.denied',
        status: 400,
      });
    const grant = await this.grants.findActive(device.grantSelector, now);
    if (!grant) throw invalidGrant('grant.ended');
    return {
      kind: 'granted',
      endsWith: 'grant',
      authorizedGrant: {
        clientId: client.id,
        userId: grant.userId,
        grant: grant.selector,
        // Scopes that the client has lost since are left out.
        scope: device.scope.filter((scope) => client.scope.includes(scope)),
        resources: narrowResources(grant.resources, request.resources),
        mayRefresh: true,
        grantedAt: grant.createdAt,
        sessionId: grant.sessionId,
        authTime: grant.authTime,
        amr: grant.amr,
        acr: grant.acr,
        claims: grant.claims,
      },
      redeem: (unit) => this.devices.consume(unit, device.selector, now),
    };
  }

  /** Records the poll with the error response, so that the next one can be rejected with slow_down. */
  private pending(device: DeviceAuthorization, now: EpochSeconds): GrantResult {
    const error = this.devices.polledTooSoon(device, now)
      ? new OAuthError('slow_down', 'The client polls too often: increase the interval by five seconds.', {
          reason: 'device_code.too_soon',
        })
      : new OAuthError('authorization_pending', 'The user has not approved the request yet.', {
          reason: 'device_code.pending',
        });
    return { kind: 'denied', error, write: (unit) => this.devices.notePoll(unit, device, now) };
  }
}

function invalidGrant(reason: string): OAuthError {
  return new OAuthError('invalid_grant', 'The device code is invalid, already used, or was issued to another client.', {
    reason,
  });
}

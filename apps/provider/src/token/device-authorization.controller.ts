import { Controller, Get, Inject, Post, Req, UseFilters } from '@nestjs/common';
import { checkDeviceAuthorizationRequest, OAuthError, targetOf } from '@gatehouse/domain/oauth';
import { Clock } from '@gatehouse/server/clock';
import { Store } from '@gatehouse/server/database/store';
import { Reply } from '@gatehouse/server/web/reply';
import { addressKey, clientAddress, type WebRequest } from '@gatehouse/server/web/request';
import { DeviceAuthorizations } from '../authorization/device-authorizations.service.js';
import { ClientAuthenticator } from '../clients/authentication/authenticator.js';
import { Refusals } from '../audit/refusals.service.js';
import type { PresentedCredentials } from '../clients/authentication/client-authentication.js';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { OAuthErrorFilter } from '../http/oauth-error.filter.js';
import { deviceAddress, routes } from '../http/routes.js';
import { ResourcesService } from '../resources/resources.service.js';
import { LoginThrottle } from '../users/login-throttle.service.js';
import { postOnly, readProtocolRequest } from '../clients/authentication/protocol-request.js';

/** A public client proves nothing: what one address can have stored is bounded. */
const perAddress = { most: 300, seconds: 600 };

/** The device authorization endpoint (RFC 8628 3.1). */
@Controller(routes.deviceAuthorization)
@UseFilters(OAuthErrorFilter)
export class DeviceAuthorizationController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Store) private readonly store: Store,
    @Inject(ClientAuthenticator) private readonly authenticator: ClientAuthenticator,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(DeviceAuthorizations) private readonly devices: DeviceAuthorizations,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
    @Inject(Refusals) private readonly refusals: Refusals,
  ) {}

  @Get()
  wrongMethod(): Reply {
    return postOnly();
  }

  @Post()
  async authorize(@Req() request: WebRequest): Promise<Reply> {
    const credentials = await readProtocolRequest(request);
    try {
      return await this.answer(request, credentials);
    } catch (error) {
      if (error instanceof OAuthError) this.refusals.note(request, 'device', error, credentials.parameters);
      throw error;
    }
  }

  private async answer(request: WebRequest, credentials: PresentedCredentials): Promise<Reply> {
    const now = this.clock.now();
    const client = await this.authenticator.authenticate(credentials, now);
    const asked = checkDeviceAuthorizationRequest(credentials.parameters, client);
    if (asked.resources.length > 0) targetOf(await this.resources.getAll(asked.resources), asked.scope);
    const bucket = `dv:${addressKey(clientAddress(request))}`;
    const issued = await this.store.run(async (unit) =>
      (await this.throttle.countOne(unit, bucket, perAddress, now)) ? this.devices.issue(unit, asked, now) : undefined,
    );
    if (!issued)
      throw new OAuthError('temporarily_unavailable', 'Too many devices wait for an answer. Try again later.', {
        reason: 'device.too_many',
        status: 429,
        retryAfterSeconds: perAddress.seconds,
      });
    const page = this.settings.issuer + routes.device;
    return Reply.json(
      {
        device_code: issued.deviceCode,
        user_code: issued.userCode,
        verification_uri: page,
        verification_uri_complete: this.settings.issuer + deviceAddress(issued.userCode),
        expires_in: issued.expiresInSeconds,
        interval: issued.intervalSeconds,
      },
      { headers: { Pragma: 'no-cache' } },
    );
  }
}

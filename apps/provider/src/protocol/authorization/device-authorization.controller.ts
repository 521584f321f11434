import { All, Controller, Inject, Options, Post, Req, UseFilters } from '@nestjs/common';
import { checkDeviceAuthorizationRequest, OAuthError, targetOf, type Client } from '@gatehouse/domain/oauth';
import { Store } from '@gatehouse/platform/database/store';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { DeviceAuthorizations } from './device-authorizations.service.js';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { OAuthErrorFilter } from '../../web/oauth-error.filter.js';
import { deviceAddress, routes } from '../../web/routes.js';
import { ProtocolEndpoints, type ClientCall, type ProtocolEndpoint } from '../endpoint.js';
import { ResourcesService } from '../../resources/resources.service.js';
import { LoginThrottle } from '../../users/throttling/login-throttle.service.js';

/** A public client does not authenticate, so the number of stored requests per address is bounded. */
const perAddress = { most: 300, seconds: 600 };

/** The device authorization endpoint (RFC 8628 3.1). */
@Controller(routes.deviceAuthorization)
@UseFilters(OAuthErrorFilter)
export class DeviceAuthorizationController {
  private readonly endpoint: ProtocolEndpoint;

  constructor(
    @Inject(ProtocolEndpoints) endpoints: ProtocolEndpoints,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Store) private readonly store: Store,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(DeviceAuthorizations) private readonly devices: DeviceAuthorizations,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
  ) {
    this.endpoint = endpoints.of({ name: 'device', methods: 'POST', cors: 'none' });
  }

  @Post()
  authorize(@Req() request: WebRequest): Promise<Reply> {
    return this.endpoint.handleClient(request, this.respond);
  }

  @Options()
  preflight(@Req() request: WebRequest): Reply {
    return this.endpoint.preflight(request);
  }

  @All()
  wrongMethod(@Req() request: WebRequest): Promise<Reply> {
    return this.endpoint.wrongMethod(request);
  }

  private readonly respond = async (
    { parameters, now, requester: asker }: ClientCall,
    client: Client,
  ): Promise<Reply> => {
    const authorizationRequest = checkDeviceAuthorizationRequest(parameters, client);
    if (authorizationRequest.resources.length > 0)
      targetOf(await this.resources.getAll(authorizationRequest.resources), authorizationRequest.scope);
    const bucket = `dv:${asker().addressKey}`;
    const issued = await this.store.run(async (unit) =>
      (await this.throttle.countOne(unit, bucket, perAddress, now))
        ? this.devices.issue(unit, authorizationRequest, now)
        : undefined,
    );
    if (!issued)
      throw new OAuthError('temporarily_unavailable', 'Too many devices are waiting for approval. Try again later.', {
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
  };
}

import { Module } from '@nestjs/common';
import { ProvidersModule } from '../providers/providers.module.js';
import { SessionModule } from '../session/session.module.js';
import { BackchannelLogoutController } from './backchannel-logout.controller.js';
import { BackchannelLogout } from './backchannel-logout.service.js';
import { LogoutAddress } from './logout-address.service.js';
import { LogoutController } from './logout.controller.js';

/**
 * Owns: the end of a login, here, here and at the provider, or from the provider.
 * Endpoints: GET and POST /logout; POST /logout/backchannel, for providers.
 * Invariant: only a form of ours or a provider's logout token logs anybody out, each token once; the session here is over
 * before the browser goes to the provider.
 */
@Module({
  imports: [SessionModule, ProvidersModule],
  controllers: [LogoutController, BackchannelLogoutController],
  providers: [LogoutAddress, BackchannelLogout],
  exports: [BackchannelLogout],
})
export class LogoutModule {}

import { Module } from '@nestjs/common';
import { ProvidersModule } from '../providers/providers.module.js';
import { SessionModule } from '../session/session.module.js';
import { BackchannelLogoutController } from './backchannel-logout.controller.js';
import { BackchannelLogout } from './backchannel-logout.service.js';
import { LogoutAddress } from './logout-address.service.js';
import { LogoutController } from './logout.controller.js';

/**
 * Owns: logout from this client, from this client and the provider, or by the provider.
 * Endpoints: GET and POST /logout; POST /logout/backchannel, for providers.
 * Invariant: only a form of this client or a provider's logout token ends a session, each token once; the local session ends
 * before the browser is redirected to the provider.
 */
@Module({
  imports: [SessionModule, ProvidersModule],
  controllers: [LogoutController, BackchannelLogoutController],
  providers: [LogoutAddress, BackchannelLogout],
  exports: [BackchannelLogout],
})
export class LogoutModule {}

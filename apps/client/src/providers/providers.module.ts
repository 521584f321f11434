import { Module } from '@nestjs/common';
import { SessionModule } from '../session/session.module.js';
import { AdminPassword } from './admin-password.service.js';
import { AdminSessionsService } from './admin-sessions.service.js';
import { ProviderAdmins } from './provider-admins.service.js';
import { ProviderDiscovery } from './provider-discovery.service.js';
import { ProviderKeys } from './provider-keys.service.js';
import { ProvidersController } from './providers.controller.js';
import { ProvidersService } from './providers.service.js';
import { RelyingParty } from './relying-party.service.js';
import { TokensService } from './tokens.service.js';
import { UnlockController } from './unlock.controller.js';

/**
 * Owns: the providers for login, access to their administration, and the use of a session's tokens at its provider.
 * Endpoints: /providers, /providers/add, /providers/update/:id, /providers/delete/:id, /providers/unlock, /providers/lock.
 * Invariant: requests to an issuer use the guarded HTTP client only; a client secret is never returned; tokens are sent only to
 *   the issuer that issued them; the role `admin` is valid for five minutes, then it is checked with the provider again.
 * Must not depend on: logins.
 */
@Module({
  imports: [SessionModule],
  // The unlock controller must come first, because its paths are below those of the list.
  controllers: [UnlockController, ProvidersController],
  providers: [
    ProvidersService,
    RelyingParty,
    ProviderKeys,
    ProviderDiscovery,
    ProviderAdmins,
    TokensService,
    AdminPassword,
    AdminSessionsService,
  ],
  exports: [ProvidersService, RelyingParty, TokensService, ProviderKeys, AdminPassword, AdminSessionsService],
})
export class ProvidersModule {}

import { Module } from '@nestjs/common';
import { ReplayModule } from '../../replay/replay.module.js';
import { ClientsModule } from '../clients.module.js';
import { ClientResolverModule } from '../resolver/client-resolver.module.js';
import { ClientAuthenticator } from './authenticator.js';

/** Owns: client authentication at every endpoint (RFC 6749 2.3, RFC 7523 2.2). */
@Module({
  imports: [ClientsModule, ClientResolverModule, ReplayModule],
  providers: [ClientAuthenticator],
  exports: [ClientAuthenticator],
})
export class ClientAuthenticationModule {}

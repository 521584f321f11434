import { Module } from '@nestjs/common';
import { ClientAuthenticationModule } from '../clients/authentication/client-authentication.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { DpopModule } from './dpop/dpop.module.js';
import { ProtocolEndpoints } from './endpoint.js';

/**
 * Owns: what comes before and after the work of every protocol endpoint: method, CORS, body, client authentication, sender
 * constraint, error responses, and the record of failed requests.
 * Invariant: an endpoint that takes requests of clients gets no client that has not authenticated; every request that fails
 * is recorded, within bounds.
 * Must not know: what the endpoints do.
 */
@Module({
  imports: [ClientsModule, ClientAuthenticationModule, DpopModule],
  providers: [ProtocolEndpoints],
  exports: [ProtocolEndpoints],
})
export class ProtocolModule {}

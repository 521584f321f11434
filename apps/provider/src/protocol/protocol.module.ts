import { Module } from '@nestjs/common';
import { ClientAuthenticationModule } from '../clients/authentication/client-authentication.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { DpopModule } from './dpop/dpop.module.js';
import { ProtocolEndpoints } from './endpoint.js';

/**
 * Owns: what all protocol endpoints have in common: method, CORS, body, client authentication, sender constraint, error
 * responses, and the record of failed requests.
 * Invariant: an endpoint for clients only receives authenticated clients; every failed request is recorded, within
 * limits.
 * Must not know: what the endpoints do.
 */
@Module({
  imports: [ClientsModule, ClientAuthenticationModule, DpopModule],
  providers: [ProtocolEndpoints],
  exports: [ProtocolEndpoints],
})
export class ProtocolModule {}

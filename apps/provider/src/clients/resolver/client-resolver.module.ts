import { Module } from '@nestjs/common';
import { ResourcesModule } from '../../resources/resources.module.js';
import { ClientsModule } from '../clients.module.js';
import { DocumentFetches } from './document-fetches.js';
import { ClientResolver } from './client-resolver.service.js';

/** Owns: resolving a `client_id` to a client, stored or described by the client ID metadata document at that URL. */
@Module({
  imports: [ClientsModule, ResourcesModule],
  providers: [DocumentFetches, ClientResolver],
  exports: [ClientResolver],
})
export class ClientResolverModule {}

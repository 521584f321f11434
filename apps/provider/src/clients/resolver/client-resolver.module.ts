import { Module } from '@nestjs/common';
import { ResourcesModule } from '../../resources/resources.module.js';
import { ClientsModule } from '../clients.module.js';
import { DocumentFetches } from './document-fetches.js';
import { ClientResolver } from './client-resolver.service.js';

/** Owns: which client a `client_id` names, a stored one or one that is described by the document at that URL. */
@Module({
  imports: [ClientsModule, ResourcesModule],
  providers: [DocumentFetches, ClientResolver],
  exports: [ClientResolver],
})
export class ClientResolverModule {}

import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ClientsModule } from '../clients/clients.module.js';
import { ResourcesModule } from '../resources/resources.module.js';
import { UsersModule } from '../users/users.module.js';
import { IssuerReferences } from './issuer-references.service.js';
import { TrustedIssuersController } from './trusted-issuers.controller.js';
import { CreateIssuer } from './operations/create-issuer.js';
import { DeleteIssuer } from './operations/delete-issuer.js';
import { UpdateIssuer } from './operations/update-issuer.js';
import { TrustedIssuerEntity } from './trusted-issuer.entity.js';
import { TrustedIssuers } from './trusted-issuers.service.js';

/**
 * Owns: trusted issuers, whose assertions can be exchanged for access tokens (RFC 7523). Pages: /issuer.
 * Invariant: an administrator configures each issuer, with the clients that may present its assertions, the scopes and the APIs.
 * Must not know: how an assertion is validated, or what is issued for it.
 */
@Module({
  imports: [TypeOrmModule.forFeature([TrustedIssuerEntity]), ClientsModule, ResourcesModule, UsersModule],
  controllers: [TrustedIssuersController],
  providers: [CreateIssuer, UpdateIssuer, DeleteIssuer, IssuerReferences, TrustedIssuers],
  exports: [TrustedIssuers],
})
export class TrustedIssuersModule {}

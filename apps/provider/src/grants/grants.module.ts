import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { SessionsModule } from '../users/sessions/sessions.module.js';
import { TrustedIssuersModule } from '../trusted-issuers/trusted-issuers.module.js';
import { UsersModule } from '../users/users.module.js';
import { GrantsController } from './grants.controller.js';
import { GrantsService } from './grants.service.js';
import { RevokeAllGrants } from './operations/revoke-all-grants.js';
import { RevokeGrants } from './operations/revoke-grants.js';
import { GrantListFilters } from './grant-list-filters.service.js';
import { GrantListPages } from './grant-list-pages.service.js';

/**
 * Owns: grants (one completed authorization). Pages: /grant.
 * Invariant: a code, an access token and a refresh token are valid only while their grant is active; one UPDATE ends them all.
 * A grant ends with its session (unless offline), its user, its client and its trusted issuer, in the same unit of work.
 * Must not know: codes and tokens; they depend on it.
 */
@Module({
  imports: [SessionsModule, UsersModule, ClientsModule, TrustedIssuersModule],
  controllers: [GrantsController],
  providers: [RevokeGrants, RevokeAllGrants, GrantsService, GrantListFilters, GrantListPages],
  exports: [RevokeAllGrants, GrantsService, GrantListPages],
})
export class GrantsModule {}

import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ClientsModule } from '../clients/clients.module.js';
import { GrantsModule } from '../grants/grants.module.js';
import { ConsentEntity } from './consent.entity.js';
import { ConsentsService } from './consents.service.js';
import { WithdrawConsent } from './operations/withdraw-consent.js';

/** Owns: consents, what a user allowed a client. A consent ends with its user and its client, in the same unit of work. */
@Module({
  imports: [TypeOrmModule.forFeature([ConsentEntity]), ClientsModule, GrantsModule],
  providers: [ConsentsService, WithdrawConsent],
  exports: [ConsentsService],
})
export class ConsentsModule {}

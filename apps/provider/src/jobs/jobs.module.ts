import { Module } from '@nestjs/common';
import { AuthorizationModule } from '../protocol/authorization/authorization.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { FactorsModule } from '../users/factors/factors.module.js';
import { GrantsModule } from '../grants/grants.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { ReplayModule } from '../replay/replay.module.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { SessionsModule } from '../users/sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { AuditSealing } from './audit-sealing.service.js';
import { FirstStart } from './first-start.service.js';
import { KeyRotation } from './key-rotation.service.js';
import { GeneratorIdRenewal } from './generator-id-renewal.service.js';
import { PurgeTargets } from './purge-targets.js';
import { PurgeService } from './purge.service.js';

/**
 * Owns: background jobs: the purge of expired rows, key rotation, audit sealing, initialization of a new database.
 */
@Module({
  imports: [
    AuthorizationModule,
    ClientsModule,
    FactorsModule,
    GrantsModule,
    TokensModule,
    KeysModule,
    ReplayModule,
    OutboxModule,
    SessionsModule,
    UsersModule,
  ],
  providers: [PurgeTargets, PurgeService, KeyRotation, AuditSealing, FirstStart, GeneratorIdRenewal],
})
export class JobsModule {}

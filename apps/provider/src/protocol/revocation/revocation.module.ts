import { Module } from '@nestjs/common';
import { GrantsModule } from '../../grants/grants.module.js';
import { IssuanceModule } from '../../tokens/issuance.module.js';
import { ProtocolModule } from '../protocol.module.js';
import { RevocationController } from './revocation.controller.js';

/** Owns: the revocation endpoint (RFC 7009). */
@Module({
  imports: [ProtocolModule, GrantsModule, IssuanceModule],
  controllers: [RevocationController],
})
export class RevocationModule {}

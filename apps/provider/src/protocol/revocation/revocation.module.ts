import { Module } from '@nestjs/common';
import { GrantsModule } from '../../grants/grants.module.js';
import { TokensModule } from '../../tokens/tokens.module.js';
import { ProtocolModule } from '../protocol.module.js';
import { RevocationController } from './revocation.controller.js';

/** Owns: the revocation endpoint (RFC 7009). */
@Module({
  imports: [ProtocolModule, GrantsModule, TokensModule],
  controllers: [RevocationController],
})
export class RevocationModule {}

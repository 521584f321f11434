import { Module } from '@nestjs/common';
import { ClientsModule } from '../../clients/clients.module.js';
import { DpopModule } from '../dpop/dpop.module.js';
import { TokensModule } from '../../tokens/tokens.module.js';
import { ProtocolModule } from '../protocol.module.js';
import { UsersModule } from '../../users/users.module.js';
import { BearerTokens } from './bearer.js';
import { UserinfoController } from './userinfo.controller.js';

/**
 * Owns: what an access token of this server opens here. Endpoints: /oauth/userinfo, /api/me.
 * Invariant: claims go out only by the token's scope, and only while token, grant, client and person live.
 */
@Module({
  imports: [ProtocolModule, DpopModule, ClientsModule, UsersModule, TokensModule],
  controllers: [UserinfoController],
  providers: [BearerTokens],
  exports: [BearerTokens],
})
export class UserinfoModule {}

import { Module } from '@nestjs/common';
import { ClientsModule } from '../../clients/clients.module.js';
import { DpopModule } from '../dpop/dpop.module.js';
import { TokensModule } from '../../tokens/tokens.module.js';
import { ProtocolModule } from '../protocol.module.js';
import { UsersModule } from '../../users/users.module.js';
import { BearerTokens } from './bearer.js';
import { UserinfoController } from './userinfo.controller.js';

/**
 * Owns: the endpoints of this server that accept its own access tokens. Endpoints: /oauth/userinfo, /api/me.
 * Invariant: claims are limited to the token's scope, and require a valid token, grant, client and user.
 */
@Module({
  imports: [ProtocolModule, DpopModule, ClientsModule, UsersModule, TokensModule],
  controllers: [UserinfoController],
  providers: [BearerTokens],
  exports: [BearerTokens],
})
export class UserinfoModule {}

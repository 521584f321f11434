import { Module } from '@nestjs/common';
import { ClientsModule } from '../../clients/clients.module.js';
import { GrantsModule } from '../../grants/grants.module.js';
import { ResourcesModule } from '../../resources/resources.module.js';
import { TokensModule } from '../../tokens/tokens.module.js';
import { UsersModule } from '../../users/users.module.js';
import { ProtocolModule } from '../protocol.module.js';
import { IntrospectedTokens } from './introspected-tokens.service.js';
import { IntrospectedUsers } from './introspected-users.service.js';
import { IntrospectionController } from './introspection.controller.js';

/** Owns: the introspection endpoint (RFC 7662). */
@Module({
  imports: [ProtocolModule, ClientsModule, GrantsModule, ResourcesModule, TokensModule, UsersModule],
  controllers: [IntrospectionController],
  providers: [IntrospectedTokens, IntrospectedUsers],
})
export class IntrospectionModule {}

import { Module } from '@nestjs/common';
import { AuthorizationModule } from '../authorization/authorization.module.js';
import { ClientsModule } from '../../clients/clients.module.js';
import { DpopModule } from '../dpop/dpop.module.js';
import { GrantsModule } from '../../grants/grants.module.js';
import { TokensModule } from '../../tokens/tokens.module.js';
import { ProtocolModule } from '../protocol.module.js';
import { ResourcesModule } from '../../resources/resources.module.js';
import { UsersModule } from '../../users/users.module.js';
import { AuthorizationCodeGrant } from './grant-types/authorization-code.js';
import { ClientCredentialsGrant } from './grant-types/client-credentials.js';
import { DeviceCodeGrant } from './grant-types/device-code.js';
import { GrantTypes } from './grant-types/grant-types.js';
import { RefreshTokenGrant } from './grant-types/refresh-token.js';
import { TrustedIssuersModule } from '../../trusted-issuers/trusted-issuers.module.js';
import { ReplayModule } from '../../replay/replay.module.js';
import { JwtBearerGrant } from './grant-types/jwt-bearer.js';
import { TokenExchangeGrant } from './grant-types/token-exchange.js';
import { TokenController } from './token.controller.js';

/**
 * Owns: the token endpoint and its grant types.
 * Invariant: a grant type validates and the endpoint issues, so that no grant type can omit client authentication or
 * single use.
 * Must not know: pages for users.
 */
@Module({
  imports: [
    ProtocolModule,
    DpopModule,
    ClientsModule,
    AuthorizationModule,
    GrantsModule,
    TokensModule,
    TrustedIssuersModule,
    ReplayModule,
    ResourcesModule,
    UsersModule,
  ],
  controllers: [TokenController],
  providers: [
    AuthorizationCodeGrant,
    RefreshTokenGrant,
    ClientCredentialsGrant,
    DeviceCodeGrant,
    TokenExchangeGrant,
    JwtBearerGrant,
    GrantTypes,
  ],
})
export class TokenModule {}

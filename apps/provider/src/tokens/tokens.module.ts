import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { GrantsModule } from '../grants/grants.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { ResourcesModule } from '../resources/resources.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccessTokensService } from './access-tokens.service.js';
import { CurrentTokens } from './current-tokens.service.js';
import { RevokeAllTokens } from './operations/revoke-all-tokens.js';
import { RevokeTokens } from './operations/revoke-tokens.js';
import { IdTokenHints } from './id-token-hints.service.js';
import { IdTokens } from './id-tokens.service.js';
import { RefreshTokensService } from './refresh-tokens.service.js';
import { ResponseTokens } from './response-tokens.service.js';
import { TokenIssuer } from './token-issuer.js';
import { TokensController } from './tokens.controller.js';

/**
 * Owns: access, refresh and ID tokens: issues, finds and revokes them. Pages: /token.
 * Invariant: a token is stored in the unit of work that consumes the credential it was issued for, and is valid only
 * while its grant is active.
 * Must not know: how the grant was authorized, or which client requests it.
 */
@Module({
  imports: [KeysModule, ClientsModule, ResourcesModule, UsersModule, GrantsModule],
  controllers: [TokensController],
  providers: [
    RevokeTokens,
    RevokeAllTokens,
    TokenIssuer,
    IdTokens,
    IdTokenHints,
    ResponseTokens,
    AccessTokensService,
    CurrentTokens,
    RefreshTokensService,
  ],
  exports: [TokenIssuer, IdTokenHints, ResponseTokens, AccessTokensService, RefreshTokensService],
})
export class TokensModule {}
